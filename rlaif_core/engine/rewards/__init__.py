"""Rewards of several components, combined into one, for optimizers that learn online."""
