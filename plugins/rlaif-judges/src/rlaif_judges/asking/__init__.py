"""Asking a model for a verdict or a score: prompts, fences, replies."""
