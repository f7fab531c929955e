"""Parts shared by all training runs: parameters, trainer arguments, progress, adapters."""
