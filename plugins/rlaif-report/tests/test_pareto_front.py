"""What averages of policies earn of two rewards."""

from __future__ import annotations

import pytest

from rlaif_report.charts import BOTTOM, LEFT, RIGHT, TOP
from rlaif_report.pareto_front import front

SOUP = {
    "loss": 0.1,
    "soup/kind=1,right=0/kind": 3.0,
    "soup/kind=1,right=0/right": 0.0,
    "soup/kind=0.5,right=0.5/kind": 2.0,
    "soup/kind=0.5,right=0.5/right": 2.0,
    "soup/kind=0,right=1/kind": 1.0,
    "soup/kind=0,right=1/right": 4.0,
}


def test_every_average_is_a_mark_between_the_two_rewards() -> None:
    drawn = front(SOUP)
    assert drawn is not None
    assert (drawn.across, drawn.upward) == ("kind", "right")
    assert [(mark.x, mark.y) for mark in drawn.marks] == [
        (RIGHT, BOTTOM),
        ((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2),
        (LEFT, TOP),
    ]
    assert drawn.ends == ("1", "3", "0", "4")


def test_the_average_that_was_returned_is_marked() -> None:
    returned = {"returned/kind": 0.5, "returned/right": 0.5}
    drawn = front(SOUP | returned)
    assert drawn is not None
    assert [mark.returned for mark in drawn.marks] == [False, True, False]
    assert drawn.marks[1].shares == "kind 0.5, right 0.5"


def test_an_average_of_which_one_reward_said_nothing_has_no_mark() -> None:
    drawn = front({key: value for key, value in SOUP.items() if key != "soup/kind=0,right=1/kind"})
    assert drawn is not None
    assert len(drawn.marks) == 2


@pytest.mark.parametrize("figures", [{}, {"loss": 1.0}, {"soup/kind=1/kind": 1.0}])
def test_without_two_rewards_there_is_no_front(figures: dict[str, float]) -> None:
    assert front(figures) is None
