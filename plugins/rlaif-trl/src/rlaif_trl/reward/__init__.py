"""Reward models: score heads, ensembles, standardisation, and detection of label noise."""
