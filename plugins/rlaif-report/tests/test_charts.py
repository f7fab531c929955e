from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st

from rlaif_report.charts import BOTTOM, LEFT, POINTS, RIGHT, TOP, curve, intervals, tenth


@given(st.floats(0, 1))
def test_each_value_goes_to_the_nearest_tenth(value: float) -> None:
    assert abs(tenth(value) / 10 - value) <= 0.05 + 1e-9


@given(st.lists(st.floats(), min_size=1, max_size=600))
@example([1.7976931348623157e308, -9.9792015476736e291])
def test_a_curve_stays_in_its_frame_and_ends_at_its_last_value(values: list[float]) -> None:
    drawn = curve("loss", list(enumerate(values)))
    known = [value for value in values if math.isfinite(value)]
    if not known:
        assert drawn is None
        return
    assert drawn is not None
    (line,) = drawn.lines
    spots = [tuple(map(float, point.split(","))) for point in line.split()]
    assert len(spots) <= POINTS + 1
    assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in spots)
    assert [spots[-1]] == drawn.dots


def test_trainings_one_after_another_are_not_joined() -> None:
    drawn = curve("loss", [(1, 2.0), (8, 1.0)], [(9, 2.0), (16, 0.5)])
    assert drawn is not None
    assert len(drawn.lines) == len(drawn.dots) == 2
    assert drawn.end == "1, 0.500"
    assert (drawn.first, drawn.last) == (1, 16)


def test_only_estimates_with_an_interval_of_shares_are_drawn() -> None:
    section = {
        "win_rate": {"value": 0.6, "low": 0.5, "high": 0.7},
        "reward": {"value": 3.0, "low": 2.0, "high": 4.0},
        "gold_win_rate": {"value": 0.6, "low": None, "high": None},
        "gold_gain": {"value": 0.2, "low": 0.1, "high": 0.3},
        "kl": 1.0,
    }
    assert [interval.label for interval in intervals(section)] == ["Win rate"]
