"""`rlaif run`: play a recipe, or go on with one that was stopped."""

from __future__ import annotations

import argparse
import json
import shlex
import sys

from rlaif_core.cli import recipe_options

STOPPED = 3
"""Exit code of a run that a guard ended, or that waits for people."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    recipe_options.configure(parser)
    recipe_options.configure_run_dir(parser)


def execute(args: argparse.Namespace) -> int:
    """Run the recipe; exit code 0 when complete, 3 if a guard or a wait ended it, 130 stopped."""
    import asyncio

    from rlaif_core.cli import interruptible
    from rlaif_core.cli.progress import shown
    from rlaif_core.cli.summary import summary
    from rlaif_core.commands.report import write_reports
    from rlaif_core.commands.run import run

    recipe = recipe_options.load(args, "run")
    with recipe_options.run_folder(args, recipe) as folder:
        try:
            metrics = interruptible.run(lambda: run(recipe, folder, shown()))
        except interruptible.Stopped as stopped:
            again = shlex.join(["rlaif", *sys.argv[1:]])
            print(f"stopped; all answers so far are kept. Go on with: {again}", file=sys.stderr)
            return stopped.code
        reports = asyncio.run(write_reports(recipe, folder.path))
    if args.json:
        print(json.dumps(metrics, indent=2))
    else:
        print(summary(metrics, folder.path, reports))
    return STOPPED if metrics.get("stopped") else 0
