"""The registry: scan what is installed, find a component by name, import it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rlaif_core.registry import entry_points
from rlaif_core.registry.distributions import distributions, normalise
from rlaif_core.registry.entry import COMMANDS, CORE, GROUPS, Entry, noun
from rlaif_core.registry.first_party import KNOWN
from rlaif_core.registry.summary import summary

if TYPE_CHECKING:
    from pathlib import Path

    from rlaif_core.api.component import Component
    from rlaif_core.api.errors import PluginError

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
        cls,
        path: Sequence[str] | None = None,
        environ: Mapping[str, str] | None = None,
        kind: str | None = None,
    ) -> Registry:
        """Read the metadata of what is installed; import nothing.

        Args:
            path: Folders to look in; `sys.path` if not given.
            environ: Environment variables; `os.environ` if not given.
            kind: The only kind to scan for, which is faster; all kinds if not given.
        """
        path = sys.path if path is None else path
        environ = os.environ if environ is None else environ
        disabled = {normalise(name.strip()) for name in environ.get(DISABLE, "").split(",")} - {
            CORE
        }
        found = []
        for distribution in distributions(path):
            for entry in entry_points.entries(distribution):
                if kind not in (None, entry.kind):
                    continue
                if normalise(entry.distribution) in disabled:
                    entry = replace(entry, problem=f"disabled by {DISABLE}")
                if entry.problem is None:
                    entry = replace(entry, summary=summary(entry.value, path) or entry.summary)
                found.append(entry)
        return cls(sorted(found, key=_position))

    def entries(self, kind: str | None = None) -> list[Entry]:
        """All entries, or those of one kind: sorted by kind, name and distribution."""
        return [entry for entry in self._entries if kind in (None, entry.kind)]

    def find(self, kind: str, use: str, *, folder: Path | None = None) -> Entry:
        """The entry that a recipe means; nothing installed is imported.

        Args:
            kind: One of `GROUPS`.
            use: "name", "distribution/name" or "./file.py:Class".
            folder: What local code is relative to; None forbids local code.

        Raises:
            PluginError: A subclass from `rlaif_core.registry.errors` that says what is wrong and
                how to fix it.
        """
        # Imported late: errors pull in the API, which a listing has no use for.
        from rlaif_core.registry import errors, local_code

        if local_code.is_local(use):
            if folder is None:
                raise errors.LocalCodeError(
                    f"{noun(kind)} '{use}' is local code, which runs with --allow-local-code only"
                )
            return local_code.entry(kind, use, folder)
        distribution, slash, name = use.rpartition("/")
        offers = [entry for entry in self.entries(kind) if entry.name == name]
        if slash:
            wanted = normalise(distribution)
            offers = [entry for entry in offers if normalise(entry.distribution) == wanted]
        if builtin := [entry for entry in offers if entry.distribution == CORE]:
            return builtin[0]
        usable = [entry for entry in offers if entry.problem is None]
        if len(usable) == 1:
            return usable[0]
        if usable:
            raise errors.AmbiguousError(_ambiguity(usable))
        if offers:
            raise errors.UnusableError(f"{offers[0].label}: {offers[0].problem}")
        raise self._missing(kind, use, name)

    def load(self, entry: Entry) -> type[Component[Any]]:
        """Import a component's class and check that it keeps its kind's contract.

        Raises:
            PluginError: If the import fails, or the class is not what its entry says.
        """
        from rlaif_core.registry.loading import load

        return load(entry)

    def _missing(self, kind: str, use: str, name: str) -> PluginError:
        from rlaif_core.registry.errors import NotFoundError, NotInstalledError

        if (kind, name) in KNOWN:
            distribution, extra = KNOWN[kind, name]
            if use in (name, f"{distribution}/{name}"):
                return NotInstalledError(
                    f"{noun(kind)} '{name}' is in {distribution}, which is not installed: "
                    f"pip install '{CORE}[{extra}]'"
                )
        return NotFoundError(f"{noun(kind)} '{use}' not found{self._hint(kind, use, name)}")

    def _hint(self, kind: str, use: str, name: str) -> str:
        import difflib

        entries = [entry for entry in self.entries() if entry.problem is None]
        usable = [entry for entry in entries if entry.kind == kind]
        theirs = [entry.name for entry in usable if normalise(entry.distribution) == normalise(use)]
        if theirs:
            return f"; that distribution's {_plural(kind)} are: {', '.join(theirs)}"
        if same := [entry for entry in usable if entry.name == name]:  # of another distribution
            return f"; did you mean '{same[0].distribution}/{name}'?"
        names = {entry.name for entry in usable} | {known for of, known in KNOWN if of == kind}
        if close := difflib.get_close_matches(name, sorted(names), n=1):
            return f"; did you mean '{close[0]}'?"
        if other := sorted({entry.kind for entry in entries if entry.name == name}):
            have = " and ".join(map(_plural, other))
            return f"; {have} have a '{name}', {_plural(kind)} do not"
        if not usable:
            return f"; no {noun(kind)} is installed"
        installed = ", ".join(sorted({entry.name for entry in usable}))
        return f"; installed {_plural(kind)}: {installed}"


def _ambiguity(offers: Sequence[Entry]) -> str:
    kind, name = offers[0].kind, offers[0].name
    who = " and ".join(f"{entry.distribution} {entry.version}" for entry in offers)
    how = "rlaif" if kind == COMMANDS else "use:"
    choices = " or ".join(f"`{how} {entry.distribution}/{name}`" for entry in offers)
    return f"{noun(kind)} '{name}' is offered by {who}; choose with {choices}"


def _plural(kind: str) -> str:
    return f"{noun(kind)}s"


def _position(entry: Entry) -> tuple[int, str, str, str]:
    rank = GROUPS.index(entry.kind) if entry.kind in GROUPS else len(GROUPS)
    return rank, entry.kind, entry.name, entry.distribution
