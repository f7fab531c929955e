"""The commands `rlaif compare` and `rlaif reward`."""
