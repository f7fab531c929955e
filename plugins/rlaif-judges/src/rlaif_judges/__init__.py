"""Judging strategies that need only a model, and the sampler that shares their constitutions."""
