"""`--cache-dir`: what one run has paid for, no other pays again."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlaif_core.cli import main
from tests.engine.conftest import Toy


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
