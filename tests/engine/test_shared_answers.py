"""`--cache-dir`: what one run has paid for, no other pays again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from rlaif_core.api import ChatReply
from rlaif_core.cli import main
from rlaif_core.store.ledger import Answers, Call
from tests.support.fixtures import Toy


@pytest.fixture
def cache(toy: Toy) -> Path:
    return toy.folder / "cache"


def play(toy: Toy, cache: Path, *more: str, run_dir: str) -> int:
    return main([*toy.command(*more, run_dir=run_dir)[3:], "--cache-dir", str(cache)])


def test_another_run_asks_only_what_is_new(toy: Toy, cache: Path) -> None:
    assert play(toy, cache, run_dir="one") == 0
    asked = toy.asked()
    assert play(toy, cache, "--set", "judge.votes=3", run_dir="two") == 0
    fresh = toy.asked()[len(asked) :]
    third_votes = 12 * 3 * 2 * 2  # pairs, orders, calls a comparison
    policy_of_its_own, judged = 6, 6 * 2 * 3 * 2
    assert third_votes < len(fresh) <= third_votes + policy_of_its_own + judged
    assert len(toy.asked()) == len(set(toy.asked()))
    cost = toy.metrics("two")["cost"]
    assert cost["calls"] == len(fresh)
    assert cost["cached"] > 0


def test_what_another_run_has_paid_is_no_part_of_the_budget(toy: Toy, cache: Path) -> None:
    assert play(toy, cache, run_dir="one") == 0
    assert play(toy, cache, "--set", "budget.calls=60", run_dir="two") == 0


def test_a_damaged_cache_is_one_line_that_names_its_option(
    toy: Toy, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.mkdir()
    (cache / "answers.sqlite").write_bytes(b"this is no database" * 400)
    assert play(toy, cache, run_dir="one") == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert "answers.sqlite" in error
    assert "choose another --cache-dir" in error


def test_a_cache_folder_that_cannot_be_made_is_one_line_that_names_its_option(
    toy: Toy, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.write_text("a file")
    assert play(toy, cache, run_dir="one") == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert str(cache) in error
    assert "choose another --cache-dir" in error


def test_runs_that_begin_at_the_same_moment_share_one_new_cache(cache: Path) -> None:
    cache.mkdir()
    for number in range(20):
        path, together = cache / f"{number}.sqlite", Barrier(4)

        def begin(run: int, path: Path = path, together: Barrier = together) -> None:
            together.wait()
            with closing(Answers(path)) as mine:
                mine.keep_calls([Call(f"key {run}", "m", "?", ChatReply(str(run)), 0.0, 0.0, 1)])

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(begin, range(4)))
        with closing(Answers(path)) as shared:
            assert [shared.reply(f"key {run}") for run in range(4)] == [
                ChatReply(str(run)) for run in range(4)
            ]
