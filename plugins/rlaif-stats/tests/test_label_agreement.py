"""Agreement of verdicts with labels."""

from __future__ import annotations

import pytest

from rlaif_stats.label_agreement import LabelAgreement, side


def test_figures_over_no_verdicts_are_absent() -> None:
    tally = LabelAgreement()
    tally.add([(0, "ab", None), (0, "ba", None)], "a")
    figures = tally.figures()
    assert figures["labelled"] == 1
    assert not figures.keys() & {"accuracy", "accuracy_by_order", "kappa", "both_right"}
    assert "position_agreement" not in figures


def test_every_verdict_of_a_pair_counts_against_its_label() -> None:
    agreement = LabelAgreement()
    agreement.add([(0, "ab", 0.9), (0, "ba", 0.8)], "a")
    agreement.add([(0, "ab", 0.7), (0, "ba", 0.3)], "b")
    agreement.add([(0, "ab", 0.5), (0, "ba", None)], "tie")
    figures = agreement.figures()
    assert (figures["pairs"], figures["verdicts"], figures["abstentions"]) == (3, 5, 1)
    assert figures["ties"] == 1
    assert figures["accuracy"] == pytest.approx(4 / 6)
    assert figures["accuracy_by_order"] == {"ab": pytest.approx(2 / 3), "ba": pytest.approx(2 / 3)}
    assert figures["both_right"] == 1


@pytest.mark.parametrize(("p", "expected"), [(0.6, "a"), (0.4, "b"), (0.5, "tie"), (None, None)])
def test_a_probability_favours_one_side(p: float | None, expected: str | None) -> None:
    assert side(p) == expected
