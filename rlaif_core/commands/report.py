"""Writing reports of a run: those of its recipe, or one by its reporter's name."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from rlaif_core.api.component import Component, Context
from rlaif_core.api.reporter import Reporter
from rlaif_core.commands.component import build
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.runs import Run

PLACE = "reporters."


async def write_reports(recipe: Recipe, folder: Path) -> list[str]:
    """Let every reporter of a recipe write its file into a run directory.

    Returns:
        A line for each: the file, or why there is none.
    """
    lines = [
        f"report: {await _write(recipe.build(place), folder, None, ())}"
        for place in recipe.components
        if place.startswith(PLACE)
    ]
    absent = [why for place, why in recipe.absent.items() if place.startswith(PLACE)]
    return lines + [f"no report: {why}" for why in absent]


async def write_report(
    name: str, folder: Path, output: Path | None = None, against: Sequence[Path] = ()
) -> Path:
    """Write one report of a run, by a reporter with its default parameters.

    Args:
        name: What a recipe says after `use:`.
        folder: The run directory.
        output: The file to write; the reporter's own in the run directory if not given.
        against: Directories of runs on the same pairs, to compare with.

    Raises:
        PluginError: If there is no such reporter, or it cannot do without parameters.
        RunError: If something cannot be read or written.
    """
    return await _write(build("reporters", name), folder, output, against)


async def _write(
    component: Component[Any], folder: Path, output: Path | None, against: Sequence[Path]
) -> Path:
    reporter = cast("Reporter[Any, Run]", component)
    try:
        await reporter.setup(Context())
        with ExitStack() as stack:
            run, *others = (stack.enter_context(Run.open(path)) for path in (folder, *against))
            return reporter.write(run, output, others)
    finally:
        await reporter.close()
