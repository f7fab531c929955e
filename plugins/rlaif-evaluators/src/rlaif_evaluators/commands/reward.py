"""`rlaif reward`: use a trained reward model."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from typing_extensions import override

from rlaif_core.api import Command, Context, DataError, PluginError, RewardModel


class ScoreResponses(Command):
    """Score responses with a trained reward model."""

    @override
    def configure(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        score = actions.add_parser("score", help="rewards of the responses in a file")
        score.add_argument(
            "model", metavar="MODEL", help="a run's round-N/reward_model, or a hub's name"
        )
        score.add_argument(
            "file",
            type=Path,
            metavar="FILE",
            help="JSONL, parquet or a folder: prompt and response, or prompt, chosen and rejected",
        )
        score.add_argument(
            "--reward-model",
            default="trl",
            metavar="NAME",
            help="the component that loads it (default: trl)",
        )
        score.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            dest="settings",
            help="a parameter of the component, e.g. overlong=truncate (repeatable)",
        )
        score.add_argument(
            "--batch-size",
            type=int,
            default=64,
            metavar="N",
            help="responses scored between two signs of progress (default: 64)",
        )
        score.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="write the rows with their rewards, as JSONL",
        )
        score.add_argument(
            "--allow-local-code", action="store_true", help="let NAME be ./file.py:Class"
        )
        score.add_argument("--json", action="store_true", help="print the result as JSON")

    @override
    def execute(self, args: argparse.Namespace) -> int:
        """Score, print and write; exit code 0."""
        import asyncio

        from rlaif_evaluators.commands.responses import read_items, score_items, scored_row, summary

        if args.batch_size < 1:
            raise DataError(f"--batch-size {args.batch_size} must be at least 1")
        if args.output is not None and not args.output.resolve().parent.is_dir():
            raise DataError(f"{args.output}: no such folder to write to")
        if found := sorted(Path(args.model).glob("round-*/reward_model")):
            raise DataError(f"{args.model} is a run: give one of its reward models, as {found[-1]}")
        model = _component(args)
        items = read_items(args.file)

        async def scored() -> list[tuple[float, ...]]:
            try:
                await model.setup(Context())
                model.load(args.model)
                with _bar(sum(len(item.responses) for item in items)) as advance:
                    return score_items(items, model.score, args.batch_size, advance)
            finally:
                await model.close()

        try:
            rewards = asyncio.run(scored())
        except ImportError as error:
            raise PluginError(
                f"reward model '{args.reward_model}' needs a library that is not installed: {error}"
            ) from error
        rows = [scored_row(*pair) for pair in zip(items, rewards, strict=True)]
        if args.output is not None:
            _write(args.output, rows)
        _print(args, rows, summary(items, rewards))
        return 0


def _component(args: argparse.Namespace) -> RewardModel[Any]:
    """The component that `--reward-model` names, with the parameters of `--set`."""
    from rlaif_core.commands.component import build

    local = args.allow_local_code
    model = build("reward_models", args.reward_model, args.settings, allow_local_code=local)
    return cast("RewardModel[Any]", model)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = ("scoring", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.advance(task, done)


def _write(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write JSON Lines whole: to a temporary name, then renamed."""
    draft = file.with_name(f".{file.name}.part")
    with draft.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
    draft.replace(file)


def _print(
    args: argparse.Namespace, rows: Sequence[Mapping[str, Any]], figures: Mapping[str, Any]
) -> None:
    shown = {"model": args.model, **figures}
    if args.output is not None:
        shown["output"] = str(args.output)
    if args.json:
        whole = shown if args.output is not None else {**shown, "rows": rows}
        print(json.dumps(whole, indent=2, ensure_ascii=False, default=str))
        return
    if args.output is None:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False, default=str))
    text = "\n".join(f"{name:<12}{_text(value)}" for name, value in shown.items())
    print(text, file=sys.stdout if args.output is not None else sys.stderr)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']:.4f}  [{value['low']:.4f}, {value['high']:.4f}]"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
