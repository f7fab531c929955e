"""`rlaif plugins stale`: what an editable install does not offer yet."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from typing_extensions import override

from rlaif_core.api import Command
from rlaif_core.commands.kinds import Registry

STALE = 2


class Stale(Command):
    """Compare what is installed with the pyproject.toml files of a checkout."""

    @override
    def configure(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("checkout", type=Path, metavar="DIR", help="a checkout, or a plugin")
        parser.add_argument("--json", action="store_true", help="print as JSON")

    @override
    def execute(self, args: argparse.Namespace) -> int:
        from rlaif_kit.stale_install import drift

        drifted = drift(Registry.scan(), args.checkout)
        lines = drifted or ["all is installed as it is written"]
        print(json.dumps({"drift": drifted}, indent=2) if args.json else "\n".join(lines))
        return STALE if drifted else 0
