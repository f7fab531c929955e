"""Python API: the coroutines `run`, `judge`, `compare` and `plan`, each with a blocking twin.

from rlaif_core import judge_sync

result = judge_sync("judge.yaml", "pairs.jsonl", run_dir="runs/judged")
print(result.accuracy)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import yaml
from typing_extensions import Unpack

from rlaif_aio.blocking import blocking
from rlaif_core.api.errors import RecipeError
from rlaif_core.commands.compare import BASE
from rlaif_core.commands.compare import compare as compare_policies
from rlaif_core.commands.judge import label_pairs
from rlaif_core.commands.plan import not_planned
from rlaif_core.commands.plan import plan as plan_stages
from rlaif_core.commands.results import CompareResult, JudgeResult, Plan, RunResult
from rlaif_core.commands.run import run as run_recipe
from rlaif_core.data.files import Rows
from rlaif_core.data.pairs import each_pair
from rlaif_core.data.prompts import read_prompts
from rlaif_core.engine.pipeline import JUDGE_PAIRS, PROBE, RUN
from rlaif_core.engine.progress import Progress
from rlaif_core.recipe.load import load_recipe
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.recipe.rules import Purpose
from rlaif_core.store.run_dir import RunFolder

RecipeSource = str | Path | Mapping[str, Any] | Recipe
"""A recipe's YAML file, its content as a mapping, or a recipe that is loaded already."""


class RecipeOptions(TypedDict, total=False):
    """Options for loading a recipe.

    Attributes:
        overrides: Values by dotted key, `{"judge.votes": 5}`, or `["judge.votes=5"]`.
        allow_local_code: Whether the recipe may use components from `./file.py:Class`.
    """

    overrides: Mapping[str, Any] | Sequence[str]
    allow_local_code: bool


class Options(RecipeOptions, total=False):
    """Options for loading and running a recipe.

    Attributes:
        run_dir: The run directory; `runs/NAME` with the recipe's name if not given.
        cache_dir: A folder with answers that several runs share.
        accept_changes: Whether to go on in a directory that was made with another recipe.
        progress: Told how the run goes; silent if not given.
    """

    run_dir: str | Path | None
    cache_dir: str | Path | None
    accept_changes: bool
    progress: Progress


async def run(recipe: RecipeSource, **options: Unpack[Options]) -> RunResult:
    """Run a recipe, going on where an earlier try stopped.

    Args:
        recipe: The recipe.
        options: See `Options`.

    Raises:
        RlaifError: With the fix; all that was paid for stays in the run directory.
    """
    with _opened(recipe, "run", options) as opened:
        return RunResult(opened[1].path, await run_recipe(*opened))


async def judge(
    recipe: RecipeSource, pairs: Rows, *, judge_only: bool = False, **options: Unpack[Options]
) -> JudgeResult:
    """Label pairs with a recipe's judge, going on where an earlier try stopped.

    Args:
        recipe: The recipe.
        pairs: A file or rows with columns prompt, response_a, response_b, and optionally id and
            label ("a", "b" or "tie").
        judge_only: Whether the recipe's guards, second judge and human check are left out.
        options: See `Options`.

    Raises:
        RlaifError: With the fix; all that was paid for stays in the run directory.
    """
    read, pipeline = partial(each_pair, pairs), PROBE if judge_only else JUDGE_PAIRS
    with _opened(recipe, "judge", options) as (loaded, folder, progress):
        metrics = await label_pairs(loaded, read, folder, progress, pipeline=pipeline)
        return JudgeResult(folder.path, metrics)


async def compare(
    recipe: RecipeSource,
    policies: Sequence[str | Path],
    prompts: Rows | None = None,
    **options: Unpack[Options],
) -> CompareResult:
    """Compare policies on the same prompts.

    Args:
        recipe: The recipe. Its policy says how a checkpoint is run, its judge decides.
        policies: Checkpoints, or "base"; at least two.
        prompts: A file or rows with a column prompt; the recipe's held-out prompts if None.
        options: See `Options`; the run directory is `runs/NAME-compare` if not given.

    Raises:
        RlaifError: With the fix; all that was paid for stays in the run directory.
    """
    asked = None if prompts is None else read_prompts(prompts)
    names = [_checkpoint(policy) for policy in policies]
    with _opened(recipe, "compare", options, "-compare") as (loaded, folder, progress):
        metrics = await compare_policies(loaded, names, asked, folder, progress)
        return CompareResult(folder.path, metrics)


async def plan(
    recipe: RecipeSource, pairs: Rows | None = None, **options: Unpack[RecipeOptions]
) -> Plan:
    """Forecast the model calls of `run`, or of `judge` on pairs, before anything is spent.

    Args:
        recipe: The recipe.
        pairs: Pairs to forecast `judge` on, as for `judge`; `run` is forecast if None.
        options: See `RecipeOptions`.

    Raises:
        RlaifError: If prompts or pairs cannot be read or a component cannot be set up.
    """
    loaded = load(recipe, "run" if pairs is None else "judge", **options)
    read = None if pairs is None else partial(each_pair, pairs)
    unplanned = not_planned(loaded, RUN if read is None else JUDGE_PAIRS)
    return Plan(tuple(await plan_stages(loaded, read)), tuple(unplanned))


run_sync = blocking(run)
judge_sync = blocking(judge)
compare_sync = blocking(compare)
plan_sync = blocking(plan)


def load(recipe: RecipeSource, purpose: Purpose, **options: Unpack[RecipeOptions]) -> Recipe:
    """A recipe that is read and checked.

    Raises:
        RecipeError: With every problem.
    """
    overrides = options.get("overrides", ())
    if isinstance(overrides, Mapping):
        overrides = [f"{key}={json.dumps(value)}" for key, value in overrides.items()]
    if isinstance(recipe, Recipe):
        if overrides:
            raise RecipeError(["overrides cannot change a recipe that is loaded already"])
        return recipe
    text = None
    if isinstance(recipe, Mapping):
        text = yaml.safe_dump(dict(recipe), sort_keys=False)
        recipe = "recipe"
    local = options.get("allow_local_code", False)
    return load_recipe(
        recipe, text=text, overrides=overrides, allow_local_code=local, purpose=purpose
    )


@contextmanager
def _opened(
    source: RecipeSource, purpose: Purpose, options: Options, suffix: str = ""
) -> Iterator[tuple[Recipe, RunFolder, Progress]]:
    """The checked recipe, its run directory, locked, and the progress display."""
    overrides, local = options.get("overrides", ()), options.get("allow_local_code", False)
    recipe = load(source, purpose, overrides=overrides, allow_local_code=local)
    progress = options.get("progress") or Progress()
    path = Path(options.get("run_dir") or f"runs/{recipe.file.name}{suffix}")
    cache = options.get("cache_dir")
    with closing(RunFolder(path, Path(cache) if cache else None)) as folder:
        accept = options.get("accept_changes", False)
        for change in folder.adopt(recipe, accept_changes=accept):
            progress.note(f"changed since the directory was made: {change}")
        yield recipe, folder, progress


def _checkpoint(policy: str | Path) -> str:
    """A folder by its full path, so that the run directory means the same from anywhere."""
    path = Path(policy)
    return str(path.resolve()) if policy != BASE and path.exists() else str(policy)
