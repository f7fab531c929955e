"""What authors of plugins may build on: services, local weights, chat templates, checkpoints."""
