"""Pairing strategies and filters."""
