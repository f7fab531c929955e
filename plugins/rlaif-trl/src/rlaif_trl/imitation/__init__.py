"""Supervised training on given responses: the optimizer sft, and the last part of rejection."""
