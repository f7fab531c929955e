"""Multipliers of rewards that are held at a floor, over an interruption."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlaif_core.engine.rewards.constraints import RewardConstraints

FLOORS = {"kind": 1.0}


def after(*calls: str, file: Path | None = None) -> float:
    floors = RewardConstraints(FLOORS, file)
    for call in calls:
        floors.update(call, {"kind": [len(call) / 10], "short": [0.0]})
    return floors.values["kind"]


@pytest.mark.parametrize("again", [["a", "bb", "ccc"], ["bb", "ccc"], ["ccc"], []])
def test_a_resumed_call_finds_the_multipliers_that_stood_before_it(
    again: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "multipliers.jsonl"
    after("a", "bb", "ccc", file=file)
    assert after(*again, "dddd", file=file) == after("a", "bb", "ccc", "dddd")


def test_of_equal_calls_the_newest_is_the_one_that_is_repeated(tmp_path: Path) -> None:
    file = tmp_path / "multipliers.jsonl"
    after("a", "bb", "a", "bb", file=file)
    assert after("a", "bb", "ccc", file=file) == after("a", "bb", "a", "bb", "ccc")


def test_a_second_interruption_is_survived_as_the_first(tmp_path: Path) -> None:
    file = tmp_path / "multipliers.jsonl"
    after("a", "bb", "ccc", file=file)
    after("bb", file=file)
    assert after("bb", "ccc", file=file) == after("a", "bb", "ccc")


def test_a_line_that_a_kill_cut_short_counts_as_not_written(tmp_path: Path) -> None:
    file = tmp_path / "multipliers.jsonl"
    after("a", "bb", file=file)
    file.write_text(file.read_text()[:-9])
    assert after("bb", file=file) == after("a", "bb")


def test_without_floors_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "multipliers.jsonl"
    RewardConstraints({}, file).update("a", {"kind": [0.0]})
    assert not file.exists()
