"""Model `transformers`: local causal language models with a chat template."""
