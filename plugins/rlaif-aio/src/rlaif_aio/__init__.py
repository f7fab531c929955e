"""Asyncio under load: limits, retries, batches, windows, clean stops. Knows nothing of models."""
