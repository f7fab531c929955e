"""`rlaif plugins`: list what is installed, check that it works."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from rlaif_core.commands.kinds import choice
from rlaif_core.registry import Entry, Registry
from rlaif_core.registry.entry import GROUPS

PROBLEMS_FOUND = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    kind = partial(choice, GROUPS)
    listing = actions.add_parser("list", help="every component; nothing is imported")
    listing.add_argument("--kind", type=kind, metavar="KIND", help=", ".join(GROUPS))
    check = actions.add_parser("check", help="import components and check their contracts")
    check.add_argument("name", nargs="?", metavar="NAME", help="a component or a distribution")
    for action in (listing, check):
        action.add_argument("--json", action="store_true", help="print as JSON")


def execute(args: argparse.Namespace) -> int:
    """List or check; a check that finds a problem exits with 2."""
    registry = Registry.scan()
    if args.action == "check":
        return _check(registry, args)
    entries = registry.entries(args.kind)
    if args.json:
        _print_json([_record(entry) for entry in entries])
    else:
        _print_table([(entry, _line(entry)) for entry in entries])
    return 0


def _check(registry: Registry, args: argparse.Namespace) -> int:
    from rlaif_core.registry.errors import NotFoundError

    entries = [
        _checked(registry, entry)
        for entry in registry.entries()
        if args.name in (None, entry.name, entry.distribution)
    ]
    if args.name and not entries:
        raise NotFoundError(f"nothing installed is called '{args.name}'; see `rlaif plugins list`")
    if args.json:
        _print_json({"components": [_record(entry) for entry in entries]})
    else:
        _print_table([(entry, entry.problem or "works") for entry in entries])
    return PROBLEMS_FOUND if any(entry.problem for entry in entries) else 0


def _checked(registry: Registry, entry: Entry) -> Entry:
    """The entry with whatever is wrong with it as its problem."""
    from rlaif_core.api.errors import PluginError
    from rlaif_core.cli import COMMANDS, plugin_commands

    if entry.problem is not None:
        return entry
    try:
        registry.load(entry)
        registry.find(entry.kind, entry.name)  # is the bare name its own?
        if entry.kind == plugin_commands.KIND and entry.name in COMMANDS:
            plugin_commands.refuse_clash(entry.name)
    except PluginError as error:
        return replace(entry, problem=str(error).removeprefix(entry.label).lstrip(": "))
    return entry


def _record(entry: Entry) -> dict[str, Any]:
    names = ("kind", "name", "distribution", "version", "value", "summary", "problem")
    return {name: getattr(entry, name) for name in names}


def _print_json(data: Any) -> None:
    import json

    print(json.dumps(data, indent=2, ensure_ascii=False))


def _print_table(lines: Sequence[tuple[Entry, str]]) -> None:
    rows = [
        (entry.kind, entry.name, entry.distribution, entry.version, line) for entry, line in lines
    ]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        print("  ".join(cells).rstrip())


def _line(entry: Entry) -> str:
    return f"problem: {entry.problem}" if entry.problem else entry.summary
