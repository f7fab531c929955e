"""Training in several processes: how a job reaches them, and how its answers come back."""
