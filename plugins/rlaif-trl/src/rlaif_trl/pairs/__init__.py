"""Optimizers that learn from preferences: dpo, kto, orpo, simpo, cpo."""
