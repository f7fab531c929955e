"""Debate as a way to judge: two argue, a third who sees only their words decides."""
