"""Metrics of a run, computed from its ledger."""
