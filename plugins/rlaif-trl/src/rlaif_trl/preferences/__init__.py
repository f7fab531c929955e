"""Preferences as training reads them: pairs, their labels, and the losses of a label."""
