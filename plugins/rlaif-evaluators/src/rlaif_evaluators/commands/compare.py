"""`rlaif compare`: policies against each other on the same prompts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from rlaif_core.api import Command, DataError
from rlaif_core.commands import recipe_options

if TYPE_CHECKING:
    from rlaif_core.commands.results import CompareResult

SUFFIX = "-compare"
"""Of the default run directory, so that it is never the run's own."""

CONTEST = (
    ("win_rate", "win rate (judge)"),
    ("win_rate_length_controlled", "at equal length"),
    ("gold_win_rate", "win rate (gold)"),
    ("gold_gain", "gain in gold score"),
)
"""Metrics of two policies, and what they are called."""


class ComparePolicies(Command):
    """Judge policies against each other on the same prompts."""

    @override
    def configure(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "policies",
            nargs="+",
            metavar="POLICY",
            help="checkpoint folders, or `base`; two or more",
        )
        parser.add_argument(
            "--recipe",
            type=Path,
            required=True,
            metavar="RECIPE",
            help="its policy says how to run a checkpoint, its judge decides",
        )
        parser.add_argument(
            "--prompts",
            type=Path,
            metavar="FILE",
            help="JSONL or parquet with a column `prompt`; default: the recipe's held-out prompts",
        )
        recipe_options.configure_overrides(parser)
        recipe_options.configure_run_dir(parser, SUFFIX)

    @override
    def execute(self, args: argparse.Namespace) -> int:
        """Compare the policies; exit code 0 when complete, 130 when stopped."""
        from rlaif_core.commands.api import compare
        from rlaif_core.commands.execute import execute

        if len(args.policies) < 2:
            raise DataError("name at least two policies; `base` is the recipe's own")
        return execute(
            args,
            lambda recipe, options: compare(recipe, args.policies, args.prompts, **options),
            _table,
            purpose="compare",
            suffix=SUFFIX,
        )


def _table(result: CompareResult) -> Iterator[str]:
    for contest in result.contests:
        yield f"{contest['a']} over {contest['b']}"
        for name, title in CONTEST:
            if name in contest:
                yield f"  {title:<20}{_interval(contest[name])}"
        yield (
            f"  {'prompts':<20}{contest['prompts']} ({contest['ties']} ties, "
            f"{contest['abstentions']} abstentions)"
        )
    for row in (result.metrics["policies"] or {}).get("models", []):
        rating = row["rating"]
        yield (
            f"{row['model']}: rating {rating['value']:+.2f} [{rating['low']:+.2f}, "
            f"{rating['high']:+.2f}], Elo {row['elo']:.0f}"
        )
    for name, score in result.metrics["gold_score"].items():
        yield f"{name}: gold score {_interval(score)}"


def _interval(estimate: Mapping[str, float | None]) -> str:
    """The value, and the ends of its interval unless a single prompt leaves none."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    return f"{value:.3f}" if low is None else f"{value:.3f}  [{low:.3f}, {high:.3f}]"
