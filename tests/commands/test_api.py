"""The commands as a Python API."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rlaif_core
from rlaif_aio.blocking import blocking
from rlaif_core import compare, judge, judge_sync, plan_sync, run, run_sync
from rlaif_core.api import DataError, RecipeError, RunError
from rlaif_core.commands.api import load
from tests.support.inside import BASE, Inside, Notes, inside

__all__ = ["inside"]

JUDGE = {"api": 1, "judge": {"use": "./kinds.py:Sharp"}}
PAIRS = [
    {"prompt": "more?", "response_a": f"{i}.5", "response_b": f"{i}.25", "label": "a"}
    for i in range(4)
]


@pytest.fixture
def world(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy world's folder, as the working directory."""
    monkeypatch.chdir(inside.folder)
    return inside.folder


def judged(**options: Any) -> Any:
    return judge_sync(JUDGE, PAIRS, allow_local_code=True, **options)


def test_importing_the_package_imports_nothing_else() -> None:
    program = "import sys; before = set(sys.modules); import rlaif_core; "
    program += "print(*sorted(set(sys.modules) - before))"
    out = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert out.split() == ["rlaif_core"]


@pytest.mark.parametrize("name", rlaif_core.__all__)
def test_every_name_of_the_package_is_a_documented_function(name: str) -> None:
    function = getattr(rlaif_core, name)
    assert function.__name__ == name
    assert "Raises:" in function.__doc__
    assert inspect.iscoroutinefunction(function) != name.endswith("_sync")


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'rlaif_core' has no attribute 'train'"):
        rlaif_core.train  # noqa: B018


def test_pairs_in_memory_are_judged_by_a_recipe_in_memory(world: Path) -> None:
    result = judged(run_dir="judged")
    assert result.metrics["pairs"] == 4
    assert result.accuracy == 1.0
    assert result.stopped is None
    assert result.run_dir == world / "judged"
    assert [pair.a.text for pair in result.judged()] == ["0.5", "1.5", "2.5", "3.5"]


def test_overrides_are_a_mapping_or_texts(world: Path) -> None:
    recipe = load(JUDGE, "judge", overrides={"judge.votes": 3}, allow_local_code=True)
    assert recipe.file.judge.votes == 3
    recipe = load(JUDGE, "judge", overrides=["judge.votes=5"], allow_local_code=True)
    assert recipe.file.judge.votes == 5
    with pytest.raises(RecipeError, match="loaded already"):
        load(recipe, "judge", overrides={"judge.votes": 3})


def test_a_coroutine_runs_a_recipe_to_a_policy_and_tells_its_progress(world: Path) -> None:
    progress = Notes()
    result = asyncio.run(run(BASE, run_dir="run", allow_local_code=True, progress=progress))
    assert [metrics["round"] for metrics in result.rounds] == [0]
    assert progress.advanced["judge"] > 0
    assert (result.best, result.policy) == (None, None)


def test_policies_are_compared(world: Path) -> None:
    result = asyncio.run(compare(BASE, ["base", "one"], run_dir="compared", allow_local_code=True))
    (contest,) = result.contests
    assert (contest["a"], contest["b"]) == ("one", "base")


def test_a_plan_has_its_stages_and_their_sum(world: Path) -> None:
    plan = plan_sync(BASE, allow_local_code=True)
    assert {stage.stage for stage in plan.stages} >= {"sample"}
    assert plan.calls == sum(stage.calls for stage in plan.stages)
    assert not Path("runs").exists()


def test_the_run_directory_is_named_for_the_recipe(world: Path) -> None:
    recipe = {**JUDGE, "name": "mine"}
    result = judge_sync(recipe, PAIRS, allow_local_code=True)
    assert result.run_dir == world / "runs" / "mine"


def test_errors_are_those_of_the_command_line(world: Path) -> None:
    with pytest.raises(RecipeError, match="runs with --allow-local-code only"):
        judge_sync(JUDGE, PAIRS)
    with pytest.raises(DataError, match="rows:1: no column 'prompt'"):
        judge_sync(JUDGE, [{}], allow_local_code=True)
    with pytest.raises(RecipeError, match=r"gone\.yaml: No such file"):
        run_sync("gone.yaml")


def test_another_recipe_in_the_same_directory_is_refused_until_it_is_accepted(world: Path) -> None:
    judged(run_dir="judged")
    with pytest.raises(RunError, match=r"judge\.votes: 1 -> 2"):
        judged(run_dir="judged", overrides={"judge.votes": 2})
    notes = Notes()
    judged(run_dir="judged", overrides={"judge.votes": 2}, accept_changes=True, progress=notes)
    assert any(note.startswith("changed since the directory was made: ") for note in notes.notes)


def test_two_of_a_process_cannot_share_a_directory(world: Path) -> None:
    async def both() -> list[Any]:
        twice = (
            judge(JUDGE, PAIRS, run_dir="judged", allow_local_code=True),
            judge(JUDGE, PAIRS, run_dir="judged", allow_local_code=True),
        )
        return list(await asyncio.gather(*twice, return_exceptions=True))

    first, second = asyncio.run(both())
    assert first.metrics["pairs"] == 4
    assert isinstance(second, RunError)
    assert "in use by another run" in str(second)


def test_more_metrics_are_kept_in_the_run_directory(world: Path) -> None:
    result = judged(run_dir="judged").with_metrics(mine=3)
    assert result.metrics["mine"] == 3
    assert '"mine": 3' in (world / "judged" / "metrics.json").read_text()


def test_a_blocking_function_works_while_an_event_loop_runs(world: Path) -> None:
    async def cell() -> Any:
        return judged(run_dir="judged")

    assert asyncio.run(cell()).metrics["pairs"] == 4


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as in a terminal: a shell ignores it for what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_cancels_a_blocking_function_cleanly() -> None:
    events: list[str] = []

    async def wait() -> None:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            await asyncio.sleep(60)
        finally:
            events.append("closed")

    with pytest.raises(KeyboardInterrupt):
        blocking(wait)()
    assert events == ["closed"]


def test_a_blocking_function_passes_errors_on() -> None:
    async def fail() -> None:
        raise DataError("no rows in it")

    with pytest.raises(DataError, match="no rows in it"):
        blocking(fail)()
