"""The round: what happens between a recipe and a better policy, and the ledger that keeps it."""
