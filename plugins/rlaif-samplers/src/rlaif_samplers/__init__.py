"""Samplers: several diverse responses to each prompt."""
