"""One training run of a policy, guarded by held-out evaluations."""
