"""`rlaif run`: run a recipe, or go on with a run that was stopped."""

from __future__ import annotations

import argparse

from rlaif_core.commands import recipe_options


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    recipe_options.configure(parser)
    recipe_options.configure_run_dir(parser)


def execute(args: argparse.Namespace) -> int:
    """Run the recipe; exit code 0 when complete, 3 if a guard or a wait ended it, 130 stopped."""
    from rlaif_core.cli.summary import summary
    from rlaif_core.commands.api import run
    from rlaif_core.commands.execute import execute

    return execute(
        args, lambda recipe, options: run(recipe, **options), lambda result: summary(result.metrics)
    )
