"""Reward models: score heads, ensembles of them, their scale, noise in their labels."""
