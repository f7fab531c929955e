"""Rows of a file that a command is given, for commands of plugins."""

from rlaif_core.data.files import Rows, rows

__all__ = ["Rows", "rows"]
