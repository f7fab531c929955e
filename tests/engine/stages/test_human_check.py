"""People check the judge."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rlaif_core.api import DataError
from tests.support.inside import Inside, inside

__all__ = ["inside"]

HALF = {"labels": "labels.jsonl", "share": 0.5}


def sample(inside: Inside) -> list[dict[str, Any]]:
    text = (inside.folder / "run" / "round-0" / "to-label.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def label(inside: Inside, say: Any) -> None:
    rows = [{**row, "label": say(i, row)} for i, row in enumerate(sample(inside))]
    (inside.folder / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)))


def greater(index: int, row: dict[str, Any]) -> str:
    """What the judge would say."""
    return "a" if float(row["response_a"]) > float(row["response_b"]) else "b"


def test_people_see_a_random_share_without_what_the_judge_said(inside: Inside) -> None:
    inside.run(validation=HALF)
    rows = sample(inside)
    assert len(rows) == 18
    assert {tuple(row) for row in rows} == {("id", "prompt", "response_a", "response_b", "label")}
    first_is_greater = [greater(0, row) == "a" for row in rows]
    assert 3 < sum(first_is_greater) < 15


def test_agreement_has_its_interval_and_good_agreement_no_warning(inside: Inside) -> None:
    inside.run(validation={**HALF, "wait": True})
    label(inside, greater)
    human = inside.run(validation={**HALF, "wait": True})["rounds"][0]["judge"]["human"]
    assert human["labelled"] == 18
    assert human["agreement"]["value"] == 1.0
    assert 0.7 < human["agreement"]["low"] < 1.0
    assert human["kappa"] == 1.0
    assert "warning" not in human
    assert "agreement_on_all" not in human


@pytest.mark.parametrize(("wrong", "said"), [(4, "look at where"), (9, "DO NOT TRUST")])
def test_low_agreement_is_said_loudly(wrong: int, said: str, inside: Inside) -> None:
    inside.run(validation={**HALF, "wait": True})
    flip = {"a": "b", "b": "a"}
    label(inside, lambda i, row: flip[greater(i, row)] if i < wrong else greater(i, row))
    human = inside.run(validation={**HALF, "wait": True})["rounds"][0]["judge"]["human"]
    assert human["agreement"]["value"] == pytest.approx(1 - wrong / 18)
    on_all = human.get("agreement_on_all")
    assert (on_all is None) == (wrong < 5)
    assert on_all is None or 0.0 <= on_all["low"] < on_all["value"] < on_all["high"] <= 1.0
    assert said in human["warning"]
    assert any(said in note and "WARNING" in note for note in inside.progress.notes)


def test_a_run_that_waits_stops_after_judging_and_goes_on_where_it_was(inside: Inside) -> None:
    waiting = {"validation": {**HALF, "wait": True}, "optimizer": {"use": "./toy.py:Copy"}}
    metrics = inside.run(**waiting)
    assert "18 of 18 pairs wait for people" in metrics["stopped"]
    assert not (inside.folder / "run" / "round-0" / "policy").exists()
    label(inside, greater)
    metrics = inside.run(**waiting)
    assert "stopped" not in metrics
    assert (inside.folder / "run" / "round-0" / "policy").exists()


def test_with_hybrid_peoples_labels_stand_in_for_the_judges(inside: Inside) -> None:
    hybrid = {**HALF, "wait": True, "hybrid": True, "uncertain": 0.25}
    inside.run(validation=hybrid)
    assert len(sample(inside)) == 18 + 9
    label(inside, lambda i, row: {"a": "b", "b": "a"}[greater(i, row)])
    inside.run(validation=hybrid)
    turned = [
        pair
        for pair in inside.ledger.judged(0)
        if (pair.p_a == 1.0) == (float(pair.a.text) < float(pair.b.text)) and pair.p_a in (0.0, 1.0)
    ]
    assert len(turned) == 27


def test_a_label_that_is_none_of_the_three_is_an_error_with_its_row(inside: Inside) -> None:
    (inside.folder / "labels.jsonl").write_text('{"id": "x", "label": "first"}\n')
    with pytest.raises(DataError, match=r"labels\.jsonl:1: 'label' must be"):
        inside.run(validation=HALF)


def test_labels_that_come_late_are_measured_when_the_command_runs_again(inside: Inside) -> None:
    assert "agreement" not in inside.run(validation=HALF)["rounds"][0]["judge"]["human"]
    label(inside, greater)
    human = inside.run(validation=HALF)["rounds"][0]["judge"]["human"]
    assert human["agreement"]["value"] == 1.0


def test_what_people_call_a_tie_counts_neither_for_nor_against_the_judge(inside: Inside) -> None:
    inside.run(validation={**HALF, "wait": True})
    label(inside, lambda i, row: "tie" if i < 6 else greater(i, row))
    human = inside.run(validation={**HALF, "wait": True})["rounds"][0]["judge"]["human"]
    assert human["agreement"]["value"] == 1.0
    assert human["people_ties"] == 6


def test_labels_that_stand_in_are_not_taken_for_the_judges_when_it_runs_again(
    inside: Inside,
) -> None:
    hybrid = {**HALF, "hybrid": True, "uncertain": 0.25}
    inside.run(validation=hybrid)
    asked = sample(inside)
    label(inside, lambda i, row: {"a": "b", "b": "a"}[greater(i, row)] if i < 20 else None)
    for _ in range(2):
        human = inside.run(validation=hybrid)["rounds"][0]["judge"]["human"]
        assert human["agreement"]["value"] == 0.0
        assert [row["id"] for row in sample(inside)] == [row["id"] for row in asked]
