"""Guards of a judge that is the policy itself."""

from __future__ import annotations

from typing import Any

from tests.support.inside import Inside, inside

__all__ = ["inside"]

ITSELF: dict[str, Any] = {
    "judge": {"use": "./kinds.py:Itself", "model": "policy", "orders": "ab"},
    "optimizer": {"use": "./toy.py:Copy"},
    "rounds": 3,
}


def test_a_judge_that_scores_all_alike_ends_the_run_before_it_judges(inside: Inside) -> None:
    metrics = inside.run(**ITSELF)
    assert metrics["stopped"].startswith("round 1: score entropy is 0, below its limit of 0.5")
    assert len(metrics["rounds"]) == 2
    assert inside.ledger.counts(1)["verdicts"] == 0
    assert not (inside.folder / "run" / "round-1" / "policy").exists()
    assert any("score entropy" in line for line in inside.progress.notes)


def test_scores_that_are_missing_come_before_what_the_others_say(inside: Inside) -> None:
    judge = {**ITSELF["judge"], "params": {"legible": 0.7}}
    metrics = inside.run(**{**ITSELF, "judge": judge}, guards={"score_entropy": 2.0})
    silent, _, rest = metrics["stopped"].removeprefix("round 0: ").partition("; ")
    assert silent.endswith("unparsed), for instance: 10 is not one of 0, 1, 2, 3, 4, 5")
    assert " of 36 verdicts are missing" in silent
    assert rest.startswith("score entropy is")


def test_running_a_stopped_run_again_stops_for_the_same_reason(inside: Inside) -> None:
    first = inside.run(**ITSELF)
    assert inside.run(**ITSELF)["stopped"] == first["stopped"]


def test_a_frozen_judge_goes_on_with_the_last_good_rounds_weights(inside: Inside) -> None:
    metrics = inside.run(**ITSELF, guards={"action": "freeze", "rank_agreement": 0.0})
    assert "stopped" not in metrics
    assert len(metrics["rounds"]) == 3
    for number in (1, 2):
        judged = list(inside.ledger.judged(number))
        assert len(judged) == 36
        assert {pair.p_a for pair in judged} != {0.5}
    assert "score entropy" in inside.ledger.stage(1, "guards")[1]["frozen"]
    assert not inside.ledger.stage(2, "guards")[2]


def test_another_judge_is_not_guarded_unless_the_recipe_says_so(inside: Inside) -> None:
    inside.run(optimizer={"use": "./toy.py:Copy"})
    assert not inside.ledger.stage(0, "guards")[2]
    found = inside.run(optimizer={"use": "./toy.py:Copy"}, guards={}, name="b")
    assert "stopped" not in found


def test_a_stopped_run_goes_on_once_its_guards_are_changed(inside: Inside) -> None:
    assert inside.run(**ITSELF)["stopped"]
    metrics = inside.run(**ITSELF, guards={"action": "freeze", "rank_agreement": 0.0})
    assert "stopped" not in metrics
    assert len(metrics["rounds"]) == 3
