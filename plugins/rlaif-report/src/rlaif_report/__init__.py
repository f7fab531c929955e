"""The run's page: one HTML file that needs nothing else, made from a run directory."""
