"""All rounds together: the best one, and reward against truth."""

from __future__ import annotations

import pytest

from rlaif_report.charts import BOTTOM, LEFT, RIGHT, TOP
from rlaif_report.rounds_overview import rounds_overview

POINTS = [
    {"round": 0, "distance": 1.0, "by": "policy.gold_score", "heldout": 0.2, "proxy": 1.0},
    {"round": 1, "distance": 2.0, "by": "policy.gold_score", "heldout": 0.3, "proxy": 2.0},
    {"round": 2, "distance": 3.0, "by": "policy.gold_score", "heldout": 0.1, "proxy": 3.0},
]
BEST = {"round": 1, "by": "policy.gold_score", "value": 0.7}


def test_the_best_round_and_the_turn_are_said_in_words() -> None:
    view = rounds_overview({"best": BEST, "overoptimization": {"points": POINTS, "turned": 2}})
    assert view is not None
    assert "Round 1 is the best by gold score (0.700)" in view.best
    assert "In round 2 the training reward rose while gold score fell" in view.turned


def test_every_round_is_a_dot_in_the_frame_and_gains_begin_at_the_base() -> None:
    view = rounds_overview({"best": BEST, "overoptimization": {"points": POINTS}})
    assert view is not None
    held, proxy = view.plots
    assert held.names == proxy.names == ["0", "1", "2"]
    assert held.dots[1][1] == TOP
    assert proxy.dots[-1] == (RIGHT, TOP)
    assert proxy.zero == BOTTOM
    for x, y in (*held.dots, *proxy.dots):
        assert LEFT <= x <= RIGHT
        assert TOP <= y <= BOTTOM


def test_the_fitted_law_is_drawn_and_its_peak_named() -> None:
    law = {"alpha": 0.3, "beta": 0.2, "optimum": {"distance": 1.65, "heldout": 0.33}}
    view = rounds_overview({"best": BEST, "overoptimization": {"points": POINTS, "law": law}})
    assert view is not None
    assert len(view.plots[0].law.split()) == 80
    assert view.plots[1].law == ""
    assert "peak is at √KL 1.650 with a gain of 0.330" in view.law


def test_a_law_without_an_optimum_is_not_said_to_fit() -> None:
    law = {"alpha": 0.025, "beta": -0.191}
    view = rounds_overview({"best": BEST, "overoptimization": {"points": POINTS, "law": law}})
    assert view is not None
    assert "through 3 rounds, has α 0.025 and β −0.191: it has no optimum" in view.law
    assert view.plots[0].law == ""


def test_a_best_round_whose_interval_meets_anothers_is_said_to_be_in_doubt() -> None:
    best = {**BEST, "low": 0.62, "high": 0.78, "near": [0, 2]}
    view = rounds_overview({"best": best})
    assert view is not None
    assert "(0.700, 0.620 to 0.780)" in view.best
    assert "The intervals of rounds 0, 2 overlap its own: that it is the best" in view.best


def test_a_run_that_measured_neither_has_no_such_section() -> None:
    assert rounds_overview({}) is None


@pytest.mark.parametrize("broken", [{"points": ["x"]}, {"points": [{"round": 0}]}, {"law": 3}])
def test_figures_that_are_not_there_are_left_out(broken: dict[str, object]) -> None:
    view = rounds_overview({"best": BEST, "overoptimization": broken})
    assert view is not None
    assert view.plots == []
