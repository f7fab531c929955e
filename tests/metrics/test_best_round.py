"""How a run's rounds went, taken together."""

from __future__ import annotations

from typing import Any

import pytest

from rlaif_core.api import Metric
from rlaif_core.metrics.best_round import summarise
from rlaif_core.recipe.sections import EvaluationSection
from tests.support.inside import Inside, inside

__all__ = ["inside"]


def round_(
    number: int, kl: float, proxy: float, gold: float, won: float, half: float | None = None
) -> dict[str, Any]:
    ends = {} if half is None else {"low": gold - half, "high": gold + half}
    good: dict[str, Any] = {"heldout": True, "higher_is_better": True}
    metrics = [
        Metric(name="kl", value=kl, evidence="divergence"),
        Metric(name="reward", value=proxy, baseline=0.0, evidence="reward"),
        Metric(name="gold_score", value=gold, baseline=0.4, evidence="gold", **ends, **good),
        Metric(name="win_rate", value=won, unit="share", evidence="judge", **good),
    ]
    return {
        "round": number,
        "records": {"policy": {metric.name: metric.record() for metric in metrics}},
    }


EXPLOITED = [
    round_(0, 1.0, 1.0, 0.6, 0.6),
    round_(1, 4.0, 2.0, 0.7, 0.7),
    round_(2, 9.0, 3.0, 0.5, 0.8),
]


def test_the_best_round_is_that_of_the_truth_not_of_the_reward() -> None:
    best = summarise(EXPLOITED, EvaluationSection())["best"]
    assert best == {"round": 1, "by": "policy.gold_score", "value": 0.7, "selected_of": 3}


def test_the_recipe_may_choose_the_held_out_judge_instead() -> None:
    best = summarise(EXPLOITED, EvaluationSection(watch="judge"))["best"]
    assert (best["round"], best["by"], best["value"]) == (2, "policy.win_rate", 0.8)


def test_the_best_round_names_those_that_it_is_not_told_apart_from() -> None:
    golds = enumerate((0.6, 0.7, 0.4))
    rounds = [round_(number, 1.0, 1.0, gold, 0.5, half=0.08) for number, gold in golds]
    best = summarise(rounds, EvaluationSection())["best"]
    assert (best["low"], best["high"]) == pytest.approx((0.62, 0.78))
    assert best["near"] == [0]


def test_reward_up_and_truth_down_is_where_it_turned() -> None:
    told = summarise(EXPLOITED, EvaluationSection())["overoptimization"]
    assert told["turned"] == 2
    assert [point["distance"] for point in told["points"]] == [1.0, 2.0, 3.0]
    assert [point["heldout"] for point in told["points"]] == pytest.approx([0.2, 0.3, 0.1])


def test_the_law_is_fitted_once_there_are_enough_rounds() -> None:
    assert "law" in summarise(EXPLOITED, EvaluationSection())["overoptimization"]
    assert "law" not in summarise(EXPLOITED[:2], EvaluationSection())["overoptimization"]


def test_what_was_not_measured_is_left_out() -> None:
    assert summarise([{"round": 0, "policy": {"length": {}}}], EvaluationSection()) == {}


def test_a_run_points_at_its_best_policy(inside: Inside) -> None:
    metrics = inside.run(
        optimizer={"use": "./toy.py:Copy"}, evaluators=[{"use": "./toy.py:Gold"}], rounds=3
    )
    scores = [round_["policy"]["gold_score"]["after"] for round_ in metrics["rounds"]]
    assert metrics["best"]["round"] == scores.index(max(scores))
    there = (inside.folder / "run" / "policy").resolve()
    assert there == inside.folder / "run" / f"round-{metrics['best']['round']}" / "policy"


def test_the_recipe_names_the_metric_that_ranks_rounds() -> None:
    best = summarise(EXPLOITED, EvaluationSection(best_by="win_rate"))["best"]
    assert (best["round"], best["by"]) == (2, "policy.win_rate")


def test_a_metric_without_a_direction_ranks_no_round_and_that_is_said() -> None:
    summary = summarise(EXPLOITED, EvaluationSection(best_by="kl"))
    assert "best" not in summary
    assert "'kl'" in summary["unranked"]


TOXICITY = """
from rlaif_core.api import Evaluator


class Toxicity(Evaluator):
    async def evaluate(self, evaluation):
        value = float(len(evaluation.after[0].text) % 3)
        return {"policy": {"toxicity": {"value": value, "low": value, "high": value}}}


class Declared(Toxicity):
    describes = {
        "policy.toxicity": {"higher_is_better": False, "heldout": True, "evidence": "judge"}
    }
"""


def run_with(inside: Inside, evaluator: str, **sections: Any) -> dict[str, Any]:
    (inside.folder / "tox.py").write_text(TOXICITY)
    return inside.run(
        optimizer={"use": "./toy.py:Copy"},
        evaluators=[{"use": f"./tox.py:{evaluator}"}],
        rounds=2,
        **sections,
    )


def test_the_last_rounds_policy_is_linked_where_nothing_ranks_rounds(inside: Inside) -> None:
    metrics = run_with(inside, "Toxicity")
    assert "best" not in metrics
    there = (inside.folder / "run" / "policy").resolve()
    assert there == inside.folder / "run" / "round-1" / "policy"


def test_a_third_partys_evaluator_ranks_rounds_by_what_it_declares(inside: Inside) -> None:
    metrics = run_with(inside, "Declared")
    assert metrics["best"]["by"] == "policy.toxicity"
    assert metrics["best"]["selected_of"] == 2
