"""Log-probabilities of given options, sharing prefixes."""
