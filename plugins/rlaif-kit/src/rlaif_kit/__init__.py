"""Foundations for authors of plugins: services, local weights, chat templates, checkpoints."""
