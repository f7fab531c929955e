"""Check that a hook plugin implements hooks that exist: pluggy passes a misspelled one silently."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

from rlaif_core import hookspecs

SPECIFICATIONS: dict[str, Callable[..., Any]] = {
    name: value
    for owner in (hookspecs.Stages, hookspecs.LifeCycle)
    for name, value in vars(owner).items()
    if name.startswith("rlaif_")
}


def unknown_hooks(plugin: type) -> list[str]:
    """Each hook, or argument of a hook, that `plugin` implements and no specification names."""
    problems = []
    for name in dir(plugin):
        implementation = getattr(plugin, name, None)
        if not hasattr(implementation, "rlaif_impl"):  # what pluggy's marker sets
            continue
        if name not in SPECIFICATIONS:
            close = difflib.get_close_matches(name, sorted(SPECIFICATIONS), n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            problems.append(f"there is no hook '{name}'{hint}")
            continue
        known = _arguments(SPECIFICATIONS[name])
        if strange := [name for name in _arguments(implementation) if name not in known]:
            problems.append(
                f"hook '{name}' has no argument '{strange[0]}', only {', '.join(known)}"
            )
    return problems


def _arguments(function: Any) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.name != "self" and each.default is each.empty]
