"""Readers of the files that a user brings: prompts, pairs, responses."""
