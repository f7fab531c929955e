"""The run directory: the ledger, the preferences, the cost of each stage."""
