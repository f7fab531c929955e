"""Supervised training on given responses: the optimizer sft, and what rejection ends in."""
