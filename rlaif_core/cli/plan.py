"""`rlaif plan`: what recipes will cost, before anything is spent."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rlaif_core.cli import recipe_options

if TYPE_CHECKING:
    from rlaif_core.commands.plan import StagePlan
    from rlaif_core.recipe.recipe import Recipe
    from rlaif_core.store.stage_costs import Spent

HEAD = f"{'calls':>9}{'prompt':>13}{'completion':>13}{'usd':>10}"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "recipes", type=Path, nargs="+", metavar="RECIPE", help="one, or several to compare"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="override a value in each of them (repeatable)",
    )
    parser.add_argument("--allow-local-code", action="store_true", help="as for `rlaif run`")
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
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")


def execute(args: argparse.Namespace) -> int:
    """Print the forecast of each recipe."""
    import asyncio

    from rlaif_core.commands.plan import not_planned, plan
    from rlaif_core.data.pairs import each_pair
    from rlaif_core.recipe.load import load_recipe
    from rlaif_core.store.stage_costs import spent

    really = spent(args.run_dir) if args.run_dir else None
    plans: dict[str, list[StagePlan]] = {}
    missing: dict[str, list[str]] = {}
    pairs = partial(each_pair, args.pairs) if args.pairs else None
    for path in args.recipes:
        recipe = load_recipe(
            path,
            overrides=args.overrides,
            allow_local_code=args.allow_local_code,
            purpose="judge" if pairs else "run",
        )
        recipe_options.caution(recipe)
        if args.run_dir and not plans:
            _caution_of_another_recipe(recipe, args.run_dir)
        plans[str(path)] = asyncio.run(plan(recipe, pairs))
        missing[str(path)] = [] if pairs else list(not_planned(recipe))
    if args.json:
        told = {path: [asdict(line) for line in lines] for path, lines in plans.items()}
        actual = None if really is None else [asdict(one) for one in really]
        print(json.dumps({"plans": told, "actual": actual}, indent=2))
        return 0
    for path, lines in plans.items():
        print("\n".join([path, *_table(lines)]))
    if len(plans) > 1:
        print("\n".join(_compared(plans)))
    if really is not None:
        print("\n".join(_held_against(args.run_dir, really, next(iter(plans.values())))))
    for name, kinds in missing.items():
        if kinds:
            print(f"{name}: on top comes what is asked by {' and '.join(kinds)}.")
    print("Answers are assumed to fill half of max_tokens; a token to be four characters.")
    return 0


def _caution_of_another_recipe(recipe: Recipe, folder: Path) -> None:
    kept = folder / "recipe.yaml"
    if kept.exists():
        for change in recipe.difference(kept.read_text("utf-8")):
            print(f"caution: {folder} was made with another recipe: {change}", file=sys.stderr)


def _table(lines: Sequence[StagePlan]) -> Iterator[str]:
    yield f"  {'stage':<15}{'model':<18}{HEAD}"
    for line in lines:
        yield f"  {line.stage:<15}{line.model:<18}{_figures([line])}  {line.how}"
    yield f"  {'total':<33}{_figures(lines)}"


def _compared(plans: Mapping[str, Sequence[StagePlan]]) -> Iterator[str]:
    """Judge against judge: each recipe's judging, in calls and dollars of the first one's."""
    width = max(map(len, plans))
    yield f"judging {'':<{max(0, width - 6)}}{HEAD}"
    judging = {
        path: [one for one in lines if one.stage == "judge"] for path, lines in plans.items()
    }
    first = next(iter(judging.values()))
    for path, lines in judging.items():
        yield f"  {path:<{width}}{_figures(lines)}{_ratio(lines, first)}"


def _held_against(
    folder: Path, really: Sequence[Spent], forecast: Sequence[StagePlan]
) -> Iterator[str]:
    yield f"  {f'really spent in {folder}':<33}{HEAD}"
    for one in really:
        planned = [line for line in forecast if line.stage == one.stage]
        yield f"  {one.stage:<33}{_figures([one])}{_ratio([one], planned)}"
    yield f"  {'total':<33}{_figures(really)}{_ratio(really, forecast)}"


def _figures(lines: Sequence[StagePlan | Spent]) -> str:
    calls = sum(one.calls for one in lines)
    prompt = sum(one.prompt_tokens for one in lines)
    completion = sum(one.completion_tokens for one in lines)
    usd = _sum(lines, "usd")
    dollars = "?" if usd is None else f"{usd:.4f}"
    return f"{calls:>9,}{prompt:>13,}{completion:>13,}{dollars:>10}"


def _sum(lines: Sequence[StagePlan | Spent], unit: str) -> float | None:
    """None if one of them is not known."""
    every = [getattr(one, unit) for one in lines]
    return None if None in every else sum(every)


def _ratio(lines: Sequence[StagePlan | Spent], other: Sequence[StagePlan | Spent]) -> str:
    """How many of the other's calls and dollars these are."""
    told = []
    for unit in ("calls", "usd"):
        ours, theirs = _sum(lines, unit), _sum(other, unit)
        if theirs and ours is not None:
            told.append(f"{ours / theirs:.0%} of the {unit}")
    return f"  {', '.join(told)}" if told else "  not in the forecast"
