"""`rlaif judge`: label pairs that exist already."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

from rlaif_core.cli import recipe_options


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
    """Label the pairs; exit code 0 when complete, 130 when stopped."""
    from rlaif_core.cli import interruptible
    from rlaif_core.cli.progress import shown
    from rlaif_core.engine.labelling import label_pairs
    from rlaif_core.report.page import write_report

    recipe = recipe_options.load(args, "judge")
    with recipe_options.run_folder(args, recipe) as folder:
        try:
            metrics = interruptible.run(lambda: label_pairs(recipe, args.pairs, folder, shown()))
        except interruptible.Stopped as stopped:
            again = shlex.join(["rlaif", *sys.argv[1:]])
            print(f"stopped; all answers so far are kept. Go on with: {again}", file=sys.stderr)
            return stopped.code
        report = write_report(folder.path)
    if args.json:
        print(json.dumps(metrics, indent=2))
        return 0
    for name in ("pairs", "verdicts", "abstentions", "ties", "preferences", "both_right"):
        if name in metrics:
            print(f"{name:<20}{metrics[name]}")
    for name in ("accuracy", "position_agreement", "kappa"):
        if metrics.get(name) is not None:
            print(f"{name:<20}{metrics[name]:.4f}")
    print(f"run directory: {folder.path}\nreport: {report}")
    return 0
