"""Kinds of components, and what is installed of them, for commands that take one as an argument."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rlaif_core.registry import KINDS, Registry, noun
from rlaif_core.registry.entry import API_VERSION

__all__ = ["API_VERSION", "KINDS", "Registry", "choice", "noun"]


def choice(kinds: Sequence[str], name: str) -> str:
    """A kind's name as it is, for `type=` of argparse.

    Raises:
        argparse.ArgumentTypeError: Naming the nearest kind, and all.
    """
    if name in kinds:
        return name
    import difflib

    close = difflib.get_close_matches(name, kinds, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    raise argparse.ArgumentTypeError(
        f"invalid choice: '{name}'; {hint}There are {', '.join(kinds)}"
    )
