"""Options that the commands with a recipe share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlaif_core.recipe.recipe import Recipe
    from rlaif_core.recipe.rules import Purpose
    from rlaif_core.store.run_dir import RunFolder


def configure(parser: argparse.ArgumentParser) -> None:
    """RECIPE, --set, --allow-local-code and --json."""
    parser.add_argument("recipe", type=Path, metavar="RECIPE", help="the recipe's YAML file")
    configure_overrides(parser)


def configure_overrides(parser: argparse.ArgumentParser) -> None:
    """--set, --allow-local-code and --json."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="override a value, e.g. judge.votes=5 (repeatable)",
    )
    parser.add_argument(
        "--allow-local-code",
        action="store_true",
        help="let the recipe use components from ./file.py:Class",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def configure_run_dir(parser: argparse.ArgumentParser, suffix: str = "") -> None:
    """--run-dir (by default runs/NAME and the suffix), --cache-dir and --accept-changes."""
    parser.add_argument(
        "--run-dir",
        type=Path,
        metavar="DIR",
        help=f"default: runs/NAME{suffix}, with the recipe's name",
    )
    parser.add_argument(
        "--cache-dir", type=Path, metavar="DIR", help="answers that several runs share"
    )
    parser.add_argument(
        "--accept-changes",
        action="store_true",
        help="go on in a directory that was made with another recipe",
    )


def load(args: argparse.Namespace, purpose: Purpose) -> Recipe:
    """The recipe that the arguments name."""
    from rlaif_core.recipe.load import load_recipe

    return load_recipe(
        args.recipe,
        overrides=args.overrides,
        allow_local_code=args.allow_local_code,
        purpose=purpose,
    )


def caution(recipe: Recipe) -> None:
    """Say what is allowed and likely a mistake, a line each, beside what the command prints."""
    for one in recipe.cautions:
        print(f"caution: {one}", file=sys.stderr)


@contextmanager
def run_folder(args: argparse.Namespace, recipe: Recipe) -> Iterator[RunFolder]:
    """The run directory, locked and made the recipe's; what ends the block in error is reported."""
    from rlaif_core.api.errors import RlaifError
    from rlaif_core.store.run_dir import RunFolder

    folder = RunFolder(args.run_dir or Path("runs", recipe.file.name), args.cache_dir)
    try:
        for change in folder.adopt(recipe, accept_changes=args.accept_changes):
            print(f"changed since the directory was made: {change}", file=sys.stderr)
        try:
            yield folder
        except RlaifError:
            _report(recipe, folder.path)
            raise
    finally:
        folder.close()


def _report(recipe: Recipe, folder: Path) -> None:
    """Write the reports of a run that ended in error, if there is anything to show."""
    import asyncio

    from rlaif_core.commands.report import write_reports
    from rlaif_core.runs import Run

    with suppress(Exception):  # the error that is being told matters more than its reports
        with Run.open(folder) as run:
            begun = {stage.stage for stage in run.stages()}
        if begun - {"prompts"}:
            print(*asyncio.run(write_reports(recipe, folder)), sep="\n", file=sys.stderr)
