"""Options of the commands with a recipe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlaif_core.recipe.recipe import Recipe
    from rlaif_core.recipe.rules import Purpose


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


def warn(recipe: Recipe) -> None:
    """Print what is allowed and likely a mistake, a line each, to standard error."""
    for warning in recipe.warnings:
        print(f"warning: {warning}", file=sys.stderr)
