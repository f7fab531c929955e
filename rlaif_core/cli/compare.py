"""`rlaif compare`: policies against each other on the same prompts."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rlaif_core.cli import recipe_options

SUFFIX = "-compare"
"""Of the default run directory, so that it is never the run's own."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "policies", nargs="+", metavar="POLICY", help="checkpoint folders, or `base`; two or more"
    )
    parser.add_argument(
        "--recipe",
        type=Path,
        required=True,
        metavar="RECIPE",
        help="whose policy says how to run a checkpoint, and whose judge decides",
    )
    parser.add_argument(
        "--prompts",
        type=Path,
        metavar="FILE",
        help="JSONL or parquet with a column `prompt`; the recipe's held-out prompts if not given",
    )
    recipe_options.configure_overrides(parser)
    recipe_options.configure_run_dir(parser, SUFFIX)


def execute(args: argparse.Namespace) -> int:
    """Compare the policies; exit code 0 when complete, 130 when stopped."""
    import asyncio

    from rlaif_core.api.errors import DataError
    from rlaif_core.cli import interruptible
    from rlaif_core.cli.progress import shown
    from rlaif_core.commands.compare import BASE, compare
    from rlaif_core.commands.report import write_reports
    from rlaif_core.data.prompts import read_prompts

    policies = [one if one == BASE else _checkpoint(one) for one in args.policies]
    if len(policies) < 2:
        raise DataError("name at least two policies; `base` is the recipe's own")
    recipe = recipe_options.load(args, "compare")
    prompts = read_prompts(args.prompts) if args.prompts else None
    args.run_dir = args.run_dir or Path("runs", f"{recipe.file.name}{SUFFIX}")
    with recipe_options.run_folder(args, recipe) as folder:
        try:
            metrics = interruptible.run(lambda: compare(recipe, policies, prompts, folder, shown()))
        except interruptible.Stopped as stopped:
            again = shlex.join(["rlaif", *sys.argv[1:]])
            print(f"stopped; all answers so far are kept. Go on with: {again}", file=sys.stderr)
            return stopped.code
        reports = asyncio.run(write_reports(recipe, folder.path))
    if args.json:
        print(json.dumps(metrics, indent=2))
    else:
        print("\n".join(_table(metrics)))
        print("\n".join([f"run directory: {folder.path}", *reports]))
    return 0


def _checkpoint(given: str) -> str:
    """A folder by its full path, so that the run directory means the same from anywhere."""
    path = Path(given)
    return str(path.resolve()) if path.exists() else given


def _table(metrics: Mapping[str, Any]) -> Iterator[str]:
    for one in metrics["contests"]:
        yield f"{one['a']} over {one['b']}"
        for name, title in (
            ("win_rate", "win rate (judge)"),
            ("win_rate_length_controlled", "at equal length"),
            ("gold_win_rate", "win rate (gold)"),
            ("gold_gain", "gain in gold score"),
        ):
            if name in one:
                yield f"  {title:<20}{_interval(one[name])}"
        yield (
            f"  {'prompts':<20}{one['prompts']} ({one['ties']} ties, "
            f"{one['abstentions']} abstentions)"
        )
    for row in (metrics["policies"] or {}).get("models", []):
        rating = row["rating"]
        yield (
            f"{row['model']}: rating {rating['value']:+.2f} [{rating['low']:+.2f}, "
            f"{rating['high']:+.2f}], Elo {row['elo']:.0f}"
        )
    for name, score in metrics["gold_score"].items():
        yield f"{name}: gold score {_interval(score)}"


def _interval(estimate: Mapping[str, float | None]) -> str:
    """The value, and the ends of its interval unless a single prompt leaves none."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    return f"{value:.3f}" if low is None else f"{value:.3f}  [{low:.3f}, {high:.3f}]"
