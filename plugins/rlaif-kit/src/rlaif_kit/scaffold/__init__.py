"""Templates of a new plugin, one folder a kind, and what writes them."""
