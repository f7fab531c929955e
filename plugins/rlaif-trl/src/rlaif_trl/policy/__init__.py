"""One training run of a policy: loaded, watched by the guard, saved."""
