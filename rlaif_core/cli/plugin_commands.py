"""Commands that plugins add, found by entry point; one is imported only when it is called.

An entry point with a dot adds an action to a command: `plugins.new` is `rlaif plugins new`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rlaif_core.api.command import Command
    from rlaif_core.registry import Registry

KIND = "commands"
NAME: Final = re.compile(r"[a-z-]+\.[a-z-]+")


def split(arguments: list[str]) -> tuple[str, list[str]]:
    """A command's name, with the action that a plugin adds to it, and its arguments."""
    name, rest = arguments[0], arguments[1:]
    action = f"{name}.{rest[0]}" if rest else ""
    if NAME.fullmatch(action) and (action in _names() or (KIND, action) in _known()):
        return action, rest[1:]
    return name, rest


def listed() -> Iterator[tuple[str, str]]:
    """Name and help of every usable command of a plugin, with its distribution."""
    for entry in _scan().entries():
        if entry.problem is None:
            text = entry.summary.rstrip(".")
            yield (
                entry.name.replace(".", " "),
                f"{text[:1].lower()}{text[1:]} ({entry.distribution})",
            )


def actions(name: str) -> str:
    """Lines of help on the actions that plugins add to a command; empty if there are none."""
    prefix = f"{name} "
    lines = [
        f"  {of.removeprefix(prefix)}    {text}" for of, text in listed() if of.startswith(prefix)
    ]
    return "\n".join(["from plugins:", *lines]) if lines else ""


def find(name: str) -> tuple[Command, str] | None:
    """The command of this name, and its help; None if there is no such command.

    Raises:
        PluginError: If it is not installed, broken, or offered by several distributions.
    """
    from rlaif_core.registry.errors import NotFoundError

    registry = _scan()
    try:
        entry = registry.find(KIND, name)
    except NotFoundError:
        return None
    command: Any = registry.load(entry)
    return command(), entry.summary


def refuse_clash(name: str) -> None:
    """Raise PluginError if a plugin offers a command of rlaif-core's name."""
    for entry in _scan().entries():
        if entry.name == name and entry.problem is None:
            from rlaif_core.registry.errors import AmbiguousError

            raise AmbiguousError(
                f"command '{name}' of rlaif-core is also offered by {entry.distribution} "
                f"{entry.version}: uninstall it, or set RLAIF_DISABLE_PLUGINS={entry.distribution}"
            )


def suggestion(name: str, builtin: Iterable[str]) -> str:
    """`; did you mean 'x'?` over all commands, installed or to be had from this project."""
    import difflib

    names = {*builtin, *(known for kind, known in _known() if kind == KIND)} | _names()
    close = difflib.get_close_matches(name, sorted(names), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _names() -> set[str]:
    return {entry.name for entry in _scan().entries()}


def _known() -> dict[tuple[str, str], tuple[str, str]]:
    from rlaif_core.registry.first_party import KNOWN

    return KNOWN


def _scan() -> Registry:
    from rlaif_core.registry import Registry  # imported late: `rlaif --version` has no use for it

    return Registry.scan(kind=KIND)
