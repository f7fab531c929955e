"""Temperature scaling on anchors."""

from __future__ import annotations

import json
import math

import pytest

from rlaif_core.api import DataError
from tests.support.inside import Inside, inside

__all__ = ["inside"]

SECTION = {"judge": {"use": "./kinds.py:Sharp", "calibration": {"anchors": "anchors.jsonl"}}}


def anchors(inside: Inside, n: int = 40) -> None:
    """The greater number is right three times in four, and the judge says 0.99."""
    rows = [
        {"prompt": f"anchor {i}", "response_a": "0.9", "response_b": "0.1", "label": label}
        for i, label in enumerate(["a", "a", "a", "b"] * (n // 4))
    ]
    (inside.folder / "anchors.jsonl").write_text("\n".join(map(json.dumps, rows)))


def test_an_overconfident_judge_is_cooled_to_how_often_it_is_right(inside: Inside) -> None:
    anchors(inside)
    inside.run(**SECTION)
    _, figures, _ = inside.ledger.stage(0, "calibrate")
    assert figures["temperature"] == pytest.approx(math.log(99) / math.log(3), rel=1e-3)
    assert figures["anchors"] == 40
    assert figures["accuracy"] == 0.75
    assert figures["ece"]["before"] == pytest.approx(0.24)
    assert figures["ece"]["after"] < 0.1
    assert figures["brier"]["after"] < figures["brier"]["before"]


def test_the_rounds_labels_are_scaled_and_the_verdicts_stay_as_they_were(inside: Inside) -> None:
    anchors(inside)
    inside.run(**SECTION)
    for pair in inside.ledger.judged(0):
        assert pair.p_a is not None
        assert max(pair.p_a, 1 - pair.p_a) == pytest.approx(0.75, abs=1e-3)
        assert {vote.verdict.p_first for vote in pair.votes} <= {0.99, 0.01}


def test_too_few_anchors_are_an_error_that_says_how_many(inside: Inside) -> None:
    anchors(inside, 8)
    with pytest.raises(DataError, match="8 pairs with a label, and anchors need at least 20"):
        inside.run(**SECTION)


@pytest.mark.parametrize(("labels", "said"), [("a", "right on every anchor"), ("b", "than chance")])
def test_anchors_that_cannot_tell_leave_the_labels_as_they_are(
    labels: str, said: str, inside: Inside
) -> None:
    rows = [
        {"prompt": f"anchor {i}", "response_a": "0.9", "response_b": "0.1", "label": labels}
        for i in range(24)
    ]
    (inside.folder / "anchors.jsonl").write_text("\n".join(map(json.dumps, rows)))
    inside.run(**SECTION)
    _, figures, _ = inside.ledger.stage(0, "calibrate")
    assert figures["temperature"] == 1.0
    assert said in figures["unfit"]
    assert any(said in note for note in inside.progress.notes)
    for pair in inside.ledger.judged(0):
        assert pair.p_a is not None
        assert max(pair.p_a, 1 - pair.p_a) == pytest.approx(0.99)


def test_bad_anchors_are_found_before_anything_is_asked(inside: Inside) -> None:
    (inside.folder / "anchors.jsonl").write_text("")
    with pytest.raises(DataError, match="no rows in it"):
        inside.run(**SECTION)
    assert inside.ledger.cost().calls == 0


def test_what_the_gate_decides_is_not_cooled(inside: Inside) -> None:
    anchors(inside)
    judge = {**SECTION["judge"], "gate": {"use": "./kinds.py:Above"}}
    inside.run(judge=judge)
    assert inside.ledger.stage(0, "calibrate")[1]["anchors"] == 40
    for pair in inside.ledger.judged(0):
        assert pair.p_a is not None
        right = [float(response.text) >= 0.5 for response in (pair.a, pair.b)]
        if sum(right) == 1:
            assert max(pair.p_a, 1 - pair.p_a) == pytest.approx(0.99)
