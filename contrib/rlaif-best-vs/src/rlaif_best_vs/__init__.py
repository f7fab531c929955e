"""Pairings of the best response with one that is not the worst."""
