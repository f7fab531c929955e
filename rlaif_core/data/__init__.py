"""Readers of the data that a user brings: prompts and pairs."""
