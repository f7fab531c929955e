"""From a YAML file to a validated recipe, with every error at its line and column."""
