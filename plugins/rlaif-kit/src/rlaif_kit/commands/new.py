"""`rlaif plugins new`: begin a plugin."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from typing_extensions import override

from rlaif_core.api import Command
from rlaif_core.commands.kinds import KINDS, Registry, choice


class New(Command):
    """Write a small distribution of one component that passes its tests as it is."""

    @override
    def configure(self, parser: argparse.ArgumentParser) -> None:
        kind = partial(choice, KINDS)
        parser.add_argument("name", metavar="NAME", help="what a recipe will say after `use:`")
        parser.add_argument(
            "--kind", type=kind, required=True, metavar="KIND", help=", ".join(KINDS)
        )
        parser.add_argument(
            "--distribution", metavar="DIST", help="what pip will install; default: rlaif-NAME"
        )
        parser.add_argument(
            "--into", default=".", metavar="DIR", help="where its folder goes; default: ."
        )

    @override
    def execute(self, args: argparse.Namespace) -> int:
        from rlaif_kit.scaffold.write import Plugin, write

        plugin = Plugin(args.kind, args.name, args.distribution or f"rlaif-{args.name}")
        folder = write(plugin, Path(args.into), Registry.scan())
        print(f"written: {folder}\nnext: pip install -e {folder} && pytest {folder}")
        return 0
