"""Reward models and optimizers trained by TRL."""
