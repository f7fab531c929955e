"""Sampling responses in batches."""
