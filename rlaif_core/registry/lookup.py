"""Which entry a recipe means by `use:`, and the most helpful answer when there is none."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from rlaif_core.registry import local_code
from rlaif_core.registry.distributions import normalise
from rlaif_core.registry.entry import CORE, Entry, noun
from rlaif_core.registry.errors import (
    AmbiguousError,
    LocalCodeError,
    NotFoundError,
    NotInstalledError,
    UnusableError,
)
from rlaif_core.registry.first_party import KNOWN

if TYPE_CHECKING:
    from rlaif_core.api.errors import PluginError
    from rlaif_core.registry.registry import Registry


def find(registry: Registry, kind: str, use: str, folder: Path | None) -> Entry:
    """See `Registry.find`."""
    if local_code.is_local(use):
        if folder is None:
            raise LocalCodeError(
                f"{noun(kind)} '{use}' is local code, which runs with --allow-local-code only"
            )
        return local_code.entry(kind, use, folder)
    distribution, slash, name = use.rpartition("/")
    offers = [one for one in registry.entries(kind) if one.name == name]
    if slash:
        offers = [one for one in offers if normalise(one.distribution) == normalise(distribution)]
    if builtin := [one for one in offers if one.distribution == CORE]:
        return builtin[0]
    usable = [one for one in offers if one.problem is None]
    if len(usable) == 1:
        return usable[0]
    if usable:
        raise _ambiguous(usable)
    if offers:
        raise UnusableError(f"{offers[0].label}: {offers[0].problem}")
    raise _missing(registry, kind, use)


def _ambiguous(offers: list[Entry]) -> PluginError:
    kind, name = offers[0].kind, offers[0].name
    who = " and ".join(f"{one.distribution} {one.version}" for one in offers)
    choices = " or ".join(f"`use: {one.distribution}/{name}`" for one in offers)
    return AmbiguousError(f"{noun(kind)} '{name}' is offered by {who}; choose with {choices}")


def _missing(registry: Registry, kind: str, use: str) -> PluginError:
    name = use.rpartition("/")[2]
    if (kind, name) in KNOWN:
        distribution, extra = KNOWN[kind, name]
        if use in (name, f"{distribution}/{name}"):
            return NotInstalledError(
                f"{noun(kind)} '{name}' is in {distribution}, which is not installed: "
                f"pip install '{CORE}[{extra}]'"
            )
    return NotFoundError(f"{noun(kind)} '{use}' not found{_hint(registry, kind, use, name)}")


def _hint(registry: Registry, kind: str, use: str, name: str) -> str:
    entries = [one for one in registry.entries() if one.problem is None]
    usable = [one for one in entries if one.kind == kind]
    if theirs := [one.name for one in usable if normalise(one.distribution) == normalise(use)]:
        return f"; that distribution's {_spoken(kind)} are: {', '.join(theirs)}"
    if same := [one for one in usable if one.name == name]:  # under another distribution
        return f"; did you mean '{same[0].distribution}/{name}'?"
    names = {one.name for one in usable} | {known for of, known in KNOWN if of == kind}
    if close := difflib.get_close_matches(name, sorted(names), n=1):
        return f"; did you mean '{close[0]}'?"
    if other := sorted({one.kind for one in entries if one.name == name}):
        return f"; {' and '.join(map(_spoken, other))} have a '{name}', {_spoken(kind)} do not"
    if not usable:
        return f"; no {noun(kind)} is installed"
    return f"; installed {_spoken(kind)}: {', '.join(sorted({one.name for one in usable}))}"


def _spoken(kind: str) -> str:
    return f"{noun(kind)}s"
