"""`rlaif report`: write a report of a run."""

from __future__ import annotations

import argparse
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a run directory, finished or not")
    parser.add_argument(
        "--reporter", default="html", metavar="NAME", help="what writes it (default: html)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write (default: a file in DIR)"
    )
    parser.add_argument(
        "--against",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="another run on the same pairs, to compare the labels with; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")


def execute(args: argparse.Namespace) -> int:
    """Write the report and print its path."""
    import asyncio
    import json

    from rlaif_core.commands.report import write_report

    written = asyncio.run(write_report(args.reporter, args.folder, args.output, args.against))
    print(json.dumps({"report": str(written)}) if args.json else written)
    return 0
