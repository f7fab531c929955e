"""`rlaif plugins`: list what is installed, check that it works, begin a new plugin."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rlaif_core.registry import KINDS, Entry, Registry
from rlaif_core.registry.entry import GROUPS

PROBLEMS_FOUND = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="every component; nothing is imported")
    listing.add_argument("--kind", type=_listed, metavar="KIND", help=", ".join(GROUPS))
    check = actions.add_parser("check", help="import components and check their contracts")
    check.add_argument("name", nargs="?", metavar="NAME", help="a component or a distribution")
    check.add_argument(
        "--source", metavar="DIR", help="compare with the pyproject.toml files of this checkout"
    )
    new = actions.add_parser(
        "new", help="write a small distribution that passes its tests as it is"
    )
    new.add_argument("name", metavar="NAME", help="what a recipe will say after `use:`")
    new.add_argument("--kind", type=_kind, required=True, metavar="KIND", help=", ".join(KINDS))
    new.add_argument(
        "--distribution", metavar="DIST", help="what pip will install; default: rlaif-NAME"
    )
    new.add_argument("--into", default=".", metavar="DIR", help="where its folder goes; default: .")
    for action in (listing, check):
        action.add_argument("--json", action="store_true", help="print as JSON")


def _kind(name: str, kinds: Sequence[str] = KINDS) -> str:
    """A kind's name as it is; an error names the nearest, and all."""
    if name in kinds:
        return name
    import difflib

    close = difflib.get_close_matches(name, kinds, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    raise argparse.ArgumentTypeError(
        f"invalid choice: '{name}'; {hint}There are {', '.join(kinds)}"
    )


def _listed(name: str) -> str:
    return _kind(name, GROUPS)


def execute(args: argparse.Namespace) -> int:
    """List, check or write; a check that finds a problem exits with 2."""
    registry = Registry.scan()
    if args.action == "new":
        return _new(registry, args)
    if args.action == "check":
        return _check(registry, args)
    entries = registry.entries(args.kind)
    if args.json:
        _print_json([_record(entry) for entry in entries])
    else:
        _print_table([(entry, _line(entry)) for entry in entries])
    return 0


def _new(registry: Registry, args: argparse.Namespace) -> int:
    from pathlib import Path

    from rlaif_core.cli.scaffold import Plugin, write

    plugin = Plugin(args.kind, args.name, args.distribution or f"rlaif-{args.name}")
    folder = write(plugin, Path(args.into), registry)
    print(f"written: {folder}\nnext: pip install -e {folder} && pytest {folder}")
    return 0


def _check(registry: Registry, args: argparse.Namespace) -> int:
    from rlaif_core.registry.errors import NotFoundError
    from rlaif_core.registry.stale_install import drift

    entries = [
        _checked(registry, entry)
        for entry in registry.entries()
        if args.name in (None, entry.name, entry.distribution)
    ]
    if args.name and not entries:
        raise NotFoundError(f"nothing installed is called '{args.name}'; see `rlaif plugins list`")
    drifted = drift(registry, args.source) if args.source else []
    if args.json:
        _print_json({"components": [_record(entry) for entry in entries], "drift": drifted})
    else:
        _print_table([(entry, entry.problem or "works") for entry in entries])
        print("".join(f"{line}\n" for line in drifted), end="")
    return PROBLEMS_FOUND if drifted or any(entry.problem for entry in entries) else 0


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
