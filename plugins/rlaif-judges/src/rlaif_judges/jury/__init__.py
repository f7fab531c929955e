"""A jury: several judges whose verdicts are pooled."""
