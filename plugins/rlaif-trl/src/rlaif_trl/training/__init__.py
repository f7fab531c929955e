"""What every training run shares: parameters, trainer arguments, progress, adapters."""
