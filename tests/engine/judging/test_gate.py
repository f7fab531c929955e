"""A verifier before the judge."""

from __future__ import annotations

import pytest

from tests.support.inside import Inside, inside

__all__ = ["inside"]

GATED = {"use": "./kinds.py:Sharp", "gate": {"use": "./kinds.py:Above"}}


def test_right_beats_wrong_and_only_the_right_are_judged(inside: Inside) -> None:
    inside.run(judge=GATED)
    pairs = list(inside.ledger.judged(0))
    assert len(pairs) == 36
    for pair in pairs:
        a, b = float(pair.a.text) >= 0.5, float(pair.b.text) >= 0.5
        if a and b:
            assert len(pair.votes) == 2
            assert all(vote.verdict.explanation == "it is greater" for vote in pair.votes)
        else:
            assert len(pair.votes) == 1
            assert pair.p_a == pytest.approx(0.5 if a == b else 0.99 if a else 0.01)
            assert pair.votes[0].verdict.explanation.startswith("gate: ")


def test_what_the_gate_decides_costs_no_call_and_is_counted(inside: Inside) -> None:
    inside.run(judge=GATED)
    decided = sum(len(pair.votes) == 1 for pair in inside.ledger.judged(0))
    assert inside.ledger.stage(0, "judge")[1]["gated"] == decided > 0


def test_two_wrong_responses_are_a_tie_and_make_no_preference(inside: Inside) -> None:
    metrics = inside.run(judge=GATED)
    wrong = sum(pair.p_a == 0.5 for pair in inside.ledger.judged(0))
    assert metrics["rounds"][0]["dropped"]["tie"] == wrong > 0


def test_a_response_without_a_truth_is_an_abstention(inside: Inside) -> None:
    gate = {"use": "./kinds.py:Above", "params": {"missing": 0.3}}
    inside.run(judge={**GATED, "gate": gate})
    for pair in inside.ledger.judged(0):
        unknown = min(float(pair.a.text), float(pair.b.text)) < 0.3
        assert (pair.p_a is None) == unknown
        if unknown:
            assert pair.votes[0].verdict.detail == "gate: no truth"
