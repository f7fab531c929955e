"""Judging: orders, votes, gates, and what the verdicts on a pair add up to."""
