"""Execution of a command with a recipe: progress, a clean stop, the report, the result in print."""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from rlaif_aio import interruptible
from rlaif_core.api.errors import RlaifError
from rlaif_core.commands import recipe_options
from rlaif_core.commands.api import Options
from rlaif_core.commands.progress import shown
from rlaif_core.commands.report import write_reports
from rlaif_core.commands.results import Result
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.recipe.rules import Purpose

R = TypeVar("R", bound=Result)

STOPPED = 3
"""Exit code of a run that a guard ended, or that waits for people."""


def execute(
    args: argparse.Namespace,
    work: Callable[[Recipe, Options], Coroutine[Any, Any, R]],
    lines: Callable[[R], Iterable[str]],
    *,
    purpose: Purpose = "run",
    suffix: str = "",
    code: Callable[[R], int] = lambda result: STOPPED if result.stopped else 0,
) -> int:
    """Run a command's coroutine and print its result.

    Args:
        args: The arguments that `recipe_options` declared.
        work: The coroutine, given the recipe and the options for the functions of
            `rlaif_core.commands.api`.
        lines: What is printed of the result without --json.
        purpose: The command that the recipe is checked for: "run", "judge" or "compare".
        suffix: Appended to the recipe's name in the default run directory.
        code: The exit code of the result.

    Returns:
        The exit code; 128 + the signal's number if the user stopped it.

    Raises:
        RlaifError: With the fix, after the report of what was done so far has been written.
    """
    recipe = recipe_options.load(args, purpose)
    folder = args.run_dir or Path("runs", f"{recipe.file.name}{suffix}")
    progress = shown()
    options = Options(
        run_dir=folder,
        cache_dir=args.cache_dir,
        accept_changes=args.accept_changes,
        progress=progress,
    )
    try:
        result = interruptible.run(lambda: work(recipe, options))
    except interruptible.Stopped as stopped:
        again = shlex.join(["rlaif", *sys.argv[1:]])
        print(f"stopped; all answers so far are kept. Go on with: {again}", file=sys.stderr)
        return stopped.code
    except RlaifError:
        with suppress(Exception):  # the error to come matters more than its report
            if progress.stage not in ("", "prompts"):
                print(*asyncio.run(write_reports(recipe, folder)), sep="\n", file=sys.stderr)
        raise
    reports = asyncio.run(write_reports(recipe, result.run_dir))
    if args.json:
        print(json.dumps(result.metrics, indent=2))
    else:
        print("\n".join([*lines(result), f"run directory: {result.run_dir}", *reports]))
    return code(result)
