"""The stages of a round, one module each. None imports another or the pipeline."""
