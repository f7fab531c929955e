"""How a run's rounds went, taken together."""

from __future__ import annotations

from typing import Any

import pytest

from rlaif_core.metrics.best_round import course
from rlaif_core.recipe.sections import EvaluationSection
from tests.support.inside import Inside, inside

__all__ = ["inside"]


def round_(number: int, kl: float, proxy: float, gold: float, won: float) -> dict[str, Any]:
    return {
        "round": number,
        "policy": {
            "kl": kl,
            "reward": {"before": 0.0, "after": proxy},
            "gold_score": {"before": 0.4, "after": gold},
            "win_rate": {"value": won, "low": won, "high": won},
        },
    }


EXPLOITED = [
    round_(0, 1.0, 1.0, 0.6, 0.6),
    round_(1, 4.0, 2.0, 0.7, 0.7),
    round_(2, 9.0, 3.0, 0.5, 0.8),
]


def test_the_best_round_is_that_of_the_truth_not_of_the_reward() -> None:
    best = course(EXPLOITED, EvaluationSection())["best"]
    assert best == {"round": 1, "by": "policy.gold_score", "value": 0.7}


def test_the_recipe_may_choose_the_held_out_judge_instead() -> None:
    best = course(EXPLOITED, EvaluationSection(watch="judge"))["best"]
    assert (best["round"], best["by"], best["value"]) == (2, "policy.win_rate", 0.8)


def test_the_best_round_names_those_that_it_is_not_told_apart_from() -> None:
    rounds = [round_(number, 1.0, 1.0, gold, 0.5) for number, gold in enumerate((0.6, 0.7, 0.4))]
    for one in rounds:
        gain = one["policy"]["gold_score"]["after"] - 0.4
        one["policy"]["gold_gain"] = {"value": gain, "low": gain - 0.08, "high": gain + 0.08}
    best = course(rounds, EvaluationSection())["best"]
    assert (best["low"], best["high"]) == pytest.approx((0.62, 0.78))
    assert best["near"] == [0]


def test_reward_up_and_truth_down_is_where_it_turned() -> None:
    told = course(EXPLOITED, EvaluationSection())["overoptimization"]
    assert told["turned"] == 2
    assert [point["distance"] for point in told["points"]] == [1.0, 2.0, 3.0]
    assert [point["heldout"] for point in told["points"]] == pytest.approx([0.2, 0.3, 0.1])


def test_the_law_is_fitted_once_there_are_enough_rounds() -> None:
    assert "law" in course(EXPLOITED, EvaluationSection())["overoptimization"]
    assert "law" not in course(EXPLOITED[:2], EvaluationSection())["overoptimization"]


def test_what_was_not_measured_is_left_out() -> None:
    assert course([{"round": 0, "policy": {"length": {}}}], EvaluationSection()) == {}


def test_a_run_points_at_its_best_policy(inside: Inside) -> None:
    metrics = inside.run(
        optimizer={"use": "./toy.py:Copy"}, evaluators=[{"use": "./toy.py:Gold"}], rounds=3
    )
    scores = [one["policy"]["gold_score"]["after"] for one in metrics["rounds"]]
    assert metrics["best"]["round"] == scores.index(max(scores))
    there = (inside.folder / "run" / "policy").resolve()
    assert there == inside.folder / "run" / f"round-{metrics['best']['round']}" / "policy"
