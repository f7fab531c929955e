"""Self-rewarding, meta-judging and their guards by `rlaif run`, over a service and real prompts.

The lab's judge knows no rubric of five points. Here a scripted model behind a real socket does: it
is asked by the plugins as they are, what it says is read by them, and every figure that a run comes
to is worked out again from what the service said.
"""

from __future__ import annotations

import json
import math
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from rlaif_core.api import JudgedPair
from rlaif_core.cli import main
from rlaif_core.store.ledger import Reader
from rlaif_core.testing.loopback import Loopback
from rlaif_stats.labels import ORDER_CLIP
from tests.support.student import Mood, Student, score, worth

RHO = 0.32
ACTOR: dict[str, Any] = {
    "api": 1,
    "sampler": {"use": "sweep", "params": {"n": 4, "temperature": [0.7]}},
    "judge": {"use": "self-rewarding", "model": "policy", "params": {"samples": 3, "scale": 1.0}},
    "pairing": {"use": "length-control", "params": {"rho": RHO}},
    "prompts": {"train": {"use": "jsonl", "params": {"file": "./prompts.jsonl"}}},
    "optimizer": {"use": "./served.py:Copy"},
    "rounds": {"n": 2},
}
META: dict[str, Any] = {
    **ACTOR,
    "sampler": {"use": "judgments", "params": {"n": 5}},
    "judge": {"use": "meta", "model": "policy", "orders": "both"},
    "pairing": {"use": "elo"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(Path(__file__).parents[1] / "support" / "served.py", tmp_path)
    rows = [{"id": f"p{i}", "prompt": f"Question {i}?"} for i in range(16)]
    (tmp_path / "prompts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    anchors = [
        {
            "prompt": f"Anchor {i}?",
            "response_a": f"It is worth {5 if i % 2 else 0}.",
            "response_b": f"It is worth {0 if i % 2 else 5}.",
            "label": "a" if i % 2 else "b",
        }
        for i in range(20)
    ]
    (tmp_path / "anchors.jsonl").write_text("\n".join(map(json.dumps, anchors)))
    return tmp_path


def play(folder: Path, student: Student, base: Mapping[str, Any], **sections: Any) -> int:
    """Play a recipe against the student in `folder/run`; the exit code of `rlaif run`."""
    with Loopback(student, remember=False) as server:
        params = {"model": "student", "base_url": f"{server.url}/v1"}
        policy = {"use": "./served.py:Served", "params": params}
        recipe = {**base, "name": "run", "policy": policy, **sections}
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
        run = ["run", str(folder / "recipe.yaml"), "--allow-local-code"]
        return main([*run, "--run-dir", str(folder / "run")])


def metrics(folder: Path) -> Any:
    return json.loads((folder / "run" / "metrics.json").read_text())


def preferences(folder: Path) -> list[Any]:
    rows: list[Any] = pq.read_table(folder / "run" / "round-0" / "preferences").to_pylist()
    return rows


def by_response(student: Student, round_index: int = 0) -> dict[str, list[int]]:
    """What the student gave each response in a round."""
    found: dict[str, list[int]] = defaultdict(list)
    for scored in student.scored:
        if scored.round == round_index:
            found[scored.response].append(scored.points)
    return found


def test_a_response_is_scored_by_the_mean_of_samples_of_the_real_rubric(folder: Path) -> None:
    student = Student()
    assert play(folder, student, ACTOR, rounds={"n": 1}) == 0
    given = by_response(student)
    assert {len(points) for points in given.values()} == {3}
    assert len({scored.seed for scored in student.scored}) == len(student.scored)
    judged = list(_judged(folder))
    assert {text for pair in judged for text in (pair.a.text, pair.b.text)} == set(given)
    assert all(pair.p_a == pytest.approx(p_a(given, pair)) for pair in judged)


def p_a(given: Mapping[str, Sequence[int]], pair: JudgedPair) -> float:
    """What the means of the points come to on a scale of one point."""
    lead = mean(given[pair.a.text]) - mean(given[pair.b.text])
    return min(max(1.0 / (1.0 + math.exp(-lead)), ORDER_CLIP), 1.0 - ORDER_CLIP)


def _judged(folder: Path, round_index: int = 0) -> Iterator[JudgedPair]:
    reader = Reader(folder / "run" / "ledger.sqlite", readonly=True)
    try:
        yield from reader.judged(round_index)
    finally:
        reader.close()


def test_pairs_are_picked_under_length_control(folder: Path) -> None:
    """Chosen is the shortest of the best, rejected the longest of the worst (methods, 3)."""
    student = Student()
    assert play(folder, student, ACTOR, rounds={"n": 1}) == 0
    scores = {text: mean(points) for text, points in by_response(student).items()}
    rows = preferences(folder)
    assert rows
    for row in rows:
        asked = row["prompt"][0]["content"]
        ours = {text: value for text, value in scores.items() if text.startswith(asked)}
        high, low = max(ours.values()), min(ours.values())
        best = [text for text in ours if ours[text] >= (1 - RHO) * high + RHO * low - 1e-9]
        worst = [text for text in ours if ours[text] <= (1 - RHO) * low + RHO * high + 1e-9]
        assert len(row["chosen"][0]["content"]) == min(map(len, best))
        assert len(row["rejected"][0]["content"]) == max(map(len, worst))


def test_a_judge_that_stays_as_it_was_passes_every_guard(folder: Path) -> None:
    guards = {"anchors": "./anchors.jsonl"}
    assert play(folder, Student(), ACTOR, guards=guards, rounds={"n": 3}) == 0
    told = metrics(folder)
    assert "stopped" not in told
    assert len(told["rounds"]) == 3


GUARDED: list[tuple[Mood, str, tuple[float, float]]] = [
    ("flat", "score entropy", (0.0, 0.0)),
    ("reversed", "rank agreement with the last round", (0.0, 0.2)),
    ("reversed", "accuracy on the anchors", (0.0, 0.0)),
    ("long", "length against round 0", (5.0, 9.0)),
]


@pytest.mark.parametrize(("mood", "guard", "between"), GUARDED)
@pytest.mark.parametrize("action", ["stop", "freeze"])
def test_a_guard_that_trips_says_why_and_stops_or_freezes(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    mood: Mood,
    guard: str,
    between: tuple[float, float],
    action: str,
) -> None:
    student = Student(mood)
    guards = {"anchors": "./anchors.jsonl", "action": action}
    code = play(folder, student, ACTOR, guards=guards, rounds={"n": 3})
    told = metrics(folder)
    found = _guards(folder, 1)["guards"][guard]
    assert found["tripped"]
    assert between[0] <= found["value"] <= between[1]
    reason = f"{guard} is {found['value']:.3g}, "
    assert reason in capsys.readouterr().err
    if action == "stop":
        assert code == 3
        assert reason in told["stopped"]
        assert list(_judged(folder, 1)) == []
    else:
        assert code == 0
        assert len(told["rounds"]) == 3
        assert reason in _guards(folder, 1)["frozen"]
        given, judged = by_response(student, 0), list(_judged(folder, 2))
        assert judged
        assert all(pair.p_a == pytest.approx(p_a(given, pair)) for pair in judged)


def _guards(folder: Path, round_index: int) -> Any:
    reader = Reader(folder / "run" / "ledger.sqlite", readonly=True)
    try:
        return reader.stage(round_index, "guards")[1]
    finally:
        reader.close()


@pytest.fixture
def answered(folder: Path) -> Path:
    """A folder in which a policy has learned to answer: its run's preferences are there."""
    assert play(folder, Student(), ACTOR, rounds={"n": 1}) == 0
    (folder / "run").rename(folder / "actor")
    return folder


JUDGING = {
    "train": {"use": "judging-prompts", "params": {"preferences": "./actor/round-0/preferences"}}
}


def test_the_judgments_that_are_nearest_the_truth_are_learned_from(answered: Path) -> None:
    assert play(answered, Student(), META, prompts=JUDGING, rounds={"n": 1}) == 0
    rows = preferences(answered)
    assert rows
    for row in rows:
        truth = worth(row["prompt"][0]["content"])
        chosen, rejected = (score(row[side][0]["content"]) for side in ("chosen", "rejected"))
        assert abs(chosen - truth) < abs(rejected - truth)


def test_a_meta_judge_that_goes_by_the_place_is_stopped(
    answered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(answered, Student("partial"), META, prompts=JUDGING) == 3
    told = _guards(answered, 1)["guards"]["wins of one place"]
    assert told == {"value": 1.0, "limit": 0.6, "tripped": True}
    assert "wins of one place is 1, above its limit of 0.6" in capsys.readouterr().err
