"""Judge reliability metrics, computed from the verdicts of a run."""
