"""`rlaif judge`: label pairs that exist already."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rlaif_core.commands import recipe_options

if TYPE_CHECKING:
    from rlaif_core.commands.results import JudgeResult


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    recipe_options.configure(parser)
    parser.add_argument(
        "--pairs",
        type=Path,
        required=True,
        metavar="FILE",
        help="JSONL, parquet or a folder: prompt, response_a, response_b [, id, label]",
    )
    recipe_options.configure_run_dir(parser)


def execute(args: argparse.Namespace) -> int:
    """Label the pairs; exit code 0 when complete, 3 if a guard or a wait ended it, 130 stopped."""
    from rlaif_core.commands.api import judge
    from rlaif_core.commands.execute import execute

    return execute(
        args,
        lambda recipe, options: judge(recipe, args.pairs, **options),
        _figures,
        purpose="judge",
    )


def _figures(result: JudgeResult) -> Iterator[str]:
    metrics = result.metrics
    for name in ("pairs", "verdicts", "abstentions", "ties", "preferences", "both_right"):
        if name in metrics:
            yield f"{name:<20}{metrics[name]}"
    for name in ("accuracy", "position_agreement", "kappa"):
        if metrics.get(name) is not None:
            yield f"{name:<20}{metrics[name]:.4f}"
