"""Judges that check instead of asking: mathematics, programs, constraints, exact, pattern."""
