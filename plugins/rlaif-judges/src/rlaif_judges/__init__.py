"""Judging strategies that need only a model: pairwise, recorded."""
