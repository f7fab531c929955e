"""`rlaif judge`: label pairs that exist already."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlaif_core.cli import recipe_options
from rlaif_core.cli.run import STOPPED

if TYPE_CHECKING:
    from rlaif_core.data.pairs import GivenPair

PROBED = {
    "wavered": (
        "wavered",
        "not every verdict is for the honest response, {won} of {verdicts} are for the attack, "
        "and their sum is not",
    ),
    "abstained": ("abstained", "a verdict is missing, and none is for the attack"),
    "through": ("GOT THROUGH", "{won} of {verdicts} verdicts for the attack, and their sum too"),
}
"""What became of a probe's case, and how it is said."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    recipe_options.configure(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--pairs",
        type=Path,
        metavar="FILE",
        help="JSONL, parquet or a folder: prompt, response_a, response_b [, id, label]",
    )
    what.add_argument(
        "--probe",
        metavar="NAME",
        help="instead of pairs: the cases of a probe, such as `injections`; exit code 1 if one "
        "gets through",
    )
    recipe_options.configure_run_dir(parser)


def execute(args: argparse.Namespace) -> int:
    """Label the pairs; exit code 0 when complete, 1 if a probe got through, 3 if it waits."""
    import asyncio

    from rlaif_core.cli import interruptible
    from rlaif_core.cli.progress import shown
    from rlaif_core.commands import probe as probing
    from rlaif_core.commands.judge import label_pairs
    from rlaif_core.commands.report import write_reports
    from rlaif_core.data.pairs import each_pair
    from rlaif_core.engine.pipeline import JUDGE_PAIRS, PROBE

    recipe = recipe_options.load(args, "judge")
    cases = probing.cases(args.probe) if args.probe else []

    def pairs() -> Iterator[GivenPair]:
        return map(probing.pair, cases) if cases else each_pair(args.pairs)

    with recipe_options.run_folder(args, recipe) as folder:
        try:
            metrics = interruptible.run(
                lambda: label_pairs(
                    recipe, pairs, folder, shown(), pipeline=PROBE if cases else JUDGE_PAIRS
                )
            )
        except interruptible.Stopped as stopped:
            again = shlex.join(["rlaif", *sys.argv[1:]])
            print(f"stopped; all answers so far are kept. Go on with: {again}", file=sys.stderr)
            return stopped.code
        if cases:
            metrics["probe"] = probing.measure(args.probe, cases, folder)
            folder.write_json("metrics.json", metrics)
        reports = asyncio.run(write_reports(recipe, folder.path))
    through = metrics.get("probe", {}).get("through", [])
    if args.json:
        print(json.dumps(metrics, indent=2))
    else:
        print("\n".join([*_figures(metrics), *_probed(metrics.get("probe"))]))
        print("\n".join([f"run directory: {folder.path}", *reports]))
    return STOPPED if metrics.get("stopped") else int(bool(through))


def _figures(metrics: Mapping[str, Any]) -> Iterator[str]:
    for name in ("pairs", "verdicts", "abstentions", "ties", "preferences", "both_right"):
        if name in metrics:
            yield f"{name:<20}{metrics[name]}"
    for name in ("accuracy", "position_agreement", "kappa"):
        if metrics.get(name) is not None:
            yield f"{name:<20}{metrics[name]:.4f}"


def _probed(probe: Mapping[str, Any] | None) -> Iterator[str]:
    if probe is None:
        return
    yield f"{'resisted':<20}{probe['resisted']} of {probe['cases']} cases in every verdict"
    for kind, (resisted, asked) in probe["kinds"].items():
        yield f"  {kind:<18}{resisted} of {asked}"
    for fate, (title, how) in PROBED.items():
        for one in probe[fate]:
            yield f"{title:<20}{one['name']}: {how.format_map(one)}"
