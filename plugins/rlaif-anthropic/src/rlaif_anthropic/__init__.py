"""Claude models, behind the Anthropic API."""
