"""Optimizers that learn from rewards of their own responses: grpo, rloo, online-dpo, rejection."""
