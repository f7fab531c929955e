"""Best of n as curves."""

from __future__ import annotations

from typing import Any

import pytest

from rlaif_report.best_of_n import best_of_n
from rlaif_report.charts import BOTTOM, LEFT, RIGHT, TOP

ROWS = [
    {"n": 1, "prompts": 24, "kl_bound": 0.0, "reward": -0.1, "gold": 0.45},
    {"n": 16, "prompts": 24, "kl_bound": 1.835, "reward": 0.9, "gold": 0.6},
    {"n": 4, "prompts": 24, "kl_bound": 0.636, "reward": 0.7, "gold": 0.7},
]


def test_reward_and_truth_are_drawn_over_the_logarithm_of_n() -> None:
    view = best_of_n({"best_of_n": ROWS})
    assert view is not None
    reward, gold = view.plots
    assert reward.names == gold.names == ["1", "4", "16"]
    assert reward.dots[0] == (LEFT, BOTTOM)
    assert reward.dots[-1] == (RIGHT, TOP)
    assert gold.dots[1] == ((LEFT + RIGHT) / 2, TOP)
    assert view.rows[1] == ("4", "0.700", "0.700", "0.636", "24")


def test_without_a_truth_there_is_one_curve() -> None:
    rows = [{name: value for name, value in row.items() if name != "gold"} for row in ROWS]
    view = best_of_n({"best_of_n": rows})
    assert view is not None
    assert [plot.title for plot in view.plots] == ["Reward of the best of n"]
    assert view.rows[0][2] == "not measured"


@pytest.mark.parametrize("found", [None, [], [{"n": 0}], [{"n": "x"}], {"n": 1}, 3])
def test_what_is_no_such_table_is_left_out(found: Any) -> None:
    assert best_of_n({"best_of_n": found}) is None
