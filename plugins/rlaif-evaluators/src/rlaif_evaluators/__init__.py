"""Evaluators: win rate, reward-model accuracy, KL from the base, the source's gold truth."""
