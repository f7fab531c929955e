"""Building blocks for authors of models: services, chat formats, checkpoints, threads."""
