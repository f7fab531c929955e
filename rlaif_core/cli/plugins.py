"""`rlaif plugins`: what is installed, whether it works, and a new one to begin with."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rlaif_core.registry import KINDS, Entry, Registry

PROBLEMS_FOUND = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="every component; nothing is imported")
    listing.add_argument("--kind", type=_kind, metavar="KIND", help=", ".join(KINDS))
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
    for one in (listing, check):
        one.add_argument("--json", action="store_true", help="print as JSON")


def _kind(name: str) -> str:
    """A kind's name as it is; an error names the nearest, and all."""
    if name in KINDS:
        return name
    import difflib

    close = difflib.get_close_matches(name, KINDS, n=1)
    mend = f"did you mean '{close[0]}'? " if close else ""
    raise argparse.ArgumentTypeError(
        f"invalid choice: '{name}'; {mend}There are {', '.join(KINDS)}"
    )


def execute(args: argparse.Namespace) -> int:
    """List, check or write; a check that finds a problem exits with 2."""
    registry = Registry.scan()
    if args.action == "new":
        return _new(registry, args)
    if args.action == "check":
        return _check(registry, args)
    entries = registry.entries(args.kind)
    if args.json:
        _print_json([_record(one) for one in entries])
    else:
        _print_table([(one, _line(one)) for one in entries])
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
        _checked(registry, one)
        for one in registry.entries()
        if args.name in (None, one.name, one.distribution)
    ]
    if args.name and not entries:
        raise NotFoundError(f"nothing installed is called '{args.name}'; see `rlaif plugins list`")
    drifted = drift(registry, args.source) if args.source else []
    if args.json:
        _print_json({"components": [_record(one) for one in entries], "drift": drifted})
    else:
        _print_table([(one, one.problem or "works") for one in entries])
        print("".join(f"{line}\n" for line in drifted), end="")
    return PROBLEMS_FOUND if drifted or any(one.problem for one in entries) else 0


def _checked(registry: Registry, entry: Entry) -> Entry:
    """The entry with whatever is wrong with it as its problem."""
    from rlaif_core.api.errors import PluginError

    if entry.problem is not None:
        return entry
    try:
        registry.load(entry)
        registry.find(entry.kind, entry.name)  # is the bare name its own?
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
    rows = [(one.kind, one.name, one.distribution, one.version, line) for one, line in lines]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        print("  ".join(cells).rstrip())


def _line(entry: Entry) -> str:
    return f"problem: {entry.problem}" if entry.problem else entry.summary
