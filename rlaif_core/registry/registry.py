"""The registry: scan what is installed, find a component by name, import it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rlaif_core.registry import entry_points
from rlaif_core.registry.distributions import distributions, normalise
from rlaif_core.registry.entry import CORE, KINDS, Entry
from rlaif_core.registry.summary import summary

if TYPE_CHECKING:
    from pathlib import Path

    from rlaif_core.api.component import Component

DISABLE = "RLAIF_DISABLE_PLUGINS"
"""Environment variable: distributions to leave out, separated by commas."""


class Registry:
    """Every component that is offered, usable or not.

    Args:
        entries: The entries, in the order in which `entries` lists them.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)

    @classmethod
    def scan(
        cls, path: Sequence[str] | None = None, environ: Mapping[str, str] | None = None
    ) -> Registry:
        """Read the metadata of what is installed; import nothing.

        Args:
            path: Folders to look in; `sys.path` if not given.
            environ: Environment variables; `os.environ` if not given.
        """
        path = sys.path if path is None else path
        environ = os.environ if environ is None else environ
        disabled = {normalise(one.strip()) for one in environ.get(DISABLE, "").split(",")} - {CORE}
        found = []
        for distribution in distributions(path):
            for entry in entry_points.entries(distribution):
                if normalise(entry.distribution) in disabled:
                    entry = replace(entry, problem=f"disabled by {DISABLE}")
                if entry.problem is None:
                    entry = replace(entry, summary=summary(entry.value, path) or entry.summary)
                found.append(entry)
        return cls(sorted(found, key=_position))

    def entries(self, kind: str | None = None) -> list[Entry]:
        """All entries, or those of one kind: sorted by kind, name and distribution."""
        return [one for one in self._entries if kind in (None, one.kind)]

    def find(self, kind: str, use: str, *, folder: Path | None = None) -> Entry:
        """The entry that a recipe means; nothing installed is imported.

        Args:
            kind: One of `KINDS`.
            use: "name", "distribution/name" or "./file.py:Class".
            folder: What local code is relative to; None forbids local code.

        Raises:
            PluginError: A subclass from `rlaif_core.registry.errors` that says what is wrong and
                how to mend it.
        """
        from rlaif_core.registry.lookup import find

        return find(self, kind, use, folder)

    def load(self, entry: Entry) -> type[Component[Any]]:
        """Import a component's class and check that it keeps its kind's contract.

        Raises:
            PluginError: If the import fails, or the class is not what its entry says.
        """
        from rlaif_core.registry.loading import load

        return load(entry)


def _position(entry: Entry) -> tuple[int, str, str, str]:
    rank = KINDS.index(entry.kind) if entry.kind in KINDS else len(KINDS)
    return rank, entry.kind, entry.name, entry.distribution
