"""`rlaif plan`: a forecast of recipes' calls, tokens and cost, before anything is spent."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rlaif_core.commands import recipe_options

if TYPE_CHECKING:
    from rlaif_core.commands.plan import StagePlan
    from rlaif_core.commands.results import Plan
    from rlaif_core.recipe.recipe import Recipe
    from rlaif_core.store.stage_costs import Spent

HEAD = f"{'calls':>9}{'prompt':>13}{'completion':>13}{'usd':>10}"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "recipes", type=Path, nargs="+", metavar="RECIPE", help="one, or several to compare"
    )
    recipe_options.configure_overrides(parser)
    parser.add_argument(
        "--pairs",
        type=Path,
        metavar="FILE",
        help="forecast `rlaif judge` on these pairs instead of `rlaif run`",
    )
    parser.add_argument(
        "--run-dir",
        type=Path,
        metavar="DIR",
        help="hold the (first) recipe's forecast against what this run really came to",
    )


def execute(args: argparse.Namespace) -> int:
    """Print the forecast of each recipe."""
    import asyncio

    from rlaif_core.commands.api import load, plan
    from rlaif_core.store.stage_costs import spent

    actual = spent(args.run_dir) if args.run_dir else None
    plans: dict[str, Plan] = {}
    for path in args.recipes:
        recipe = load(
            path,
            "judge" if args.pairs else "run",
            overrides=args.overrides,
            allow_local_code=args.allow_local_code,
        )
        recipe_options.warn(recipe)
        if args.run_dir and not plans:
            _warn_of_another_recipe(recipe, args.run_dir)
        plans[str(path)] = asyncio.run(plan(recipe, args.pairs))
    if args.json:
        forecast = {path: [asdict(line) for line in plan.stages] for path, plan in plans.items()}
        costs = None if actual is None else [asdict(cost) for cost in actual]
        print(json.dumps({"plans": forecast, "actual": costs}, indent=2))
        return 0
    for path, planned in plans.items():
        print("\n".join([path, *_table(planned.stages)]))
    if len(plans) > 1:
        print("\n".join(_compared(plans)))
    if actual is not None:
        print("\n".join(_held_against(args.run_dir, actual, next(iter(plans.values())).stages)))
    for path, planned in plans.items():
        if planned.unplanned:
            print(f"{path}: on top comes what is asked by {' and '.join(planned.unplanned)}.")
    print("Answers are assumed to fill half of max_tokens; a token to be four characters.")
    return 0


def _warn_of_another_recipe(recipe: Recipe, folder: Path) -> None:
    kept = folder / "recipe.yaml"
    if kept.exists():
        for change in recipe.difference(kept.read_text("utf-8")):
            print(f"warning: {folder} was made with another recipe: {change}", file=sys.stderr)


def _table(lines: Sequence[StagePlan]) -> Iterator[str]:
    yield f"  {'stage':<15}{'model':<18}{HEAD}"
    for line in lines:
        yield f"  {line.stage:<15}{line.model:<18}{_figures([line])}  {line.how}"
    yield f"  {'total':<33}{_figures(lines)}"


def _compared(plans: Mapping[str, Plan]) -> Iterator[str]:
    """Each recipe's judging, in calls and dollars of the first one's."""
    width = max(map(len, plans))
    yield f"judging {'':<{max(0, width - 6)}}{HEAD}"
    judging = {
        path: [line for line in plan.stages if line.stage == "judge"]
        for path, plan in plans.items()
    }
    first = next(iter(judging.values()))
    for path, lines in judging.items():
        yield f"  {path:<{width}}{_figures(lines)}{_ratio(lines, first)}"


def _held_against(
    folder: Path, actual: Sequence[Spent], forecast: Sequence[StagePlan]
) -> Iterator[str]:
    yield f"  {f'really spent in {folder}':<33}{HEAD}"
    for cost in actual:
        planned = [line for line in forecast if line.stage == cost.stage]
        yield f"  {cost.stage:<33}{_figures([cost])}{_ratio([cost], planned)}"
    yield f"  {'total':<33}{_figures(actual)}{_ratio(actual, forecast)}"


def _figures(lines: Sequence[StagePlan | Spent]) -> str:
    calls = sum(line.calls for line in lines)
    prompt = sum(line.prompt_tokens for line in lines)
    completion = sum(line.completion_tokens for line in lines)
    usd = _sum(lines, "usd")
    dollars = "?" if usd is None else f"{usd:.4f}"
    return f"{calls:>9,}{prompt:>13,}{completion:>13,}{dollars:>10}"


def _sum(lines: Sequence[StagePlan | Spent], unit: str) -> float | None:
    """None if one of them is not known."""
    values = [getattr(line, unit) for line in lines]
    return None if None in values else sum(values)


def _ratio(lines: Sequence[StagePlan | Spent], other: Sequence[StagePlan | Spent]) -> str:
    """Share of the other's calls and dollars."""
    shares = []
    for unit in ("calls", "usd"):
        ours, theirs = _sum(lines, unit), _sum(other, unit)
        if theirs and ours is not None:
            shares.append(f"{ours / theirs:.0%} of the {unit}")
    return f"  {', '.join(shares)}" if shares else "  not in the forecast"
