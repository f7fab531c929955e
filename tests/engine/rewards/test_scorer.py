"""What an optimizer that learns online is rewarded with."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Sequence
from typing import Any

import pytest

from rlaif_core.api import Message, Prompt, Response, RunError
from rlaif_core.engine.rewards.scorer import sync_scorer
from tests.support.inside import Inside, inside

__all__ = ["inside"]

LEARNER: dict[str, Any] = {"optimizer": {"use": "./kinds.py:Learner"}}
VALUE = {"use": "./kinds.py:Value"}


def test_one_pointwise_reward_is_handed_on_as_it_is(inside: Inside) -> None:
    inside.run(**LEARNER, rewards={"value": VALUE})
    assert inside.told()["rewards"] == [0.1, 0.4, 0.6, 0.9] * 4


def test_without_rewards_the_judge_itself_is_the_reward(inside: Inside) -> None:
    inside.run(**LEARNER, judge=VALUE)
    assert inside.told()["rewards"] == [0.1, 0.4, 0.6, 0.9] * 4


def test_a_pairwise_judge_rewards_with_the_chance_to_beat_the_rest_of_the_group(
    inside: Inside,
) -> None:
    inside.run(**LEARNER)
    assert inside.told()["rewards"][:4] == pytest.approx(
        [0.01, (0.99 + 2 * 0.01) / 3, (2 * 0.99 + 0.01) / 3, 0.99]
    )


def test_several_rewards_are_standardised_and_summed_by_weight(inside: Inside) -> None:
    inside.run(
        **LEARNER,
        rewards={"value": {**VALUE, "weight": 2.0}, "above": {"use": "./kinds.py:Above"}},
    )
    got = inside.told()["rewards"][:4]
    deviation = (2 * (0.4**2 + 0.1**2) / 4) ** 0.5 + 1e-4
    above = 0.5 / (0.5 + 1e-4)
    assert got[0] == pytest.approx(2 * -0.4 / deviation - above)
    assert got[3] == pytest.approx(2 * 0.4 / deviation + above)


def test_what_fails_a_gate_stands_behind_all_that_passes(inside: Inside) -> None:
    gate = {"use": "./kinds.py:Above", "gate": True}
    inside.run(**LEARNER, rewards={"value": VALUE, "right": gate})
    low, lower_middle, upper_middle, high = inside.told()["rewards"][:4]
    assert low == lower_middle == pytest.approx(-1.0)
    assert low < upper_middle < high


def test_a_missing_reward_is_none_and_never_a_number(inside: Inside) -> None:
    missing = {"use": "./kinds.py:Above", "params": {"missing": 0.2}}
    inside.run(**LEARNER, rewards={"above": missing})
    assert inside.told()["rewards"] == [None, 0.0, 1.0, 1.0] * 4


def test_training_ends_once_most_rewards_are_missing() -> None:
    prompts = [Prompt(f"p{i}", (Message("user", "?"),)) for i in range(20)]

    async def train() -> None:
        async def silent(asked: Sequence[Prompt], answers: Sequence[Response]) -> list[float]:
            return [math.nan] * len(asked)

        scorer = sync_scorer(silent, asyncio.get_running_loop())
        for _ in range(3):
            found = await asyncio.to_thread(scorer, prompts, ["answer"] * 20)
            assert found == [None] * 20

    with pytest.raises(RunError, match="60 of 60 rewards are missing"):
        asyncio.run(train())


def test_a_floor_raises_the_weight_of_its_reward_while_it_is_missed(inside: Inside) -> None:
    inside.run(**LEARNER, rewards={"value": {**VALUE, "floor": 0.9}})
    steps = inside.ledger.rows.training(0, "optimize")
    assert steps[-1][1]["multiplier/value"] == pytest.approx(0.1 * (0.9 - 0.5))
    assert steps[-1][1]["reward/value"] == pytest.approx(0.5)


def test_training_that_goes_on_has_the_multipliers_of_undisturbed_training(inside: Inside) -> None:
    floors = {"value": {**VALUE, "floor": 0.9}, "above": {"use": "./kinds.py:Above", "floor": 0.7}}
    dying: dict[str, Any] = {"use": "./kinds.py:Steps", "params": {"dies": True}}
    with pytest.raises(RunError, match="power went out"):
        inside.run(optimizer=dying, rewards=floors)
    inside.run(optimizer=dying, rewards=floors)
    resumed = inside.told(), inside.ledger.rows.training(0, "optimize")[-1]
    shutil.rmtree(inside.folder / "run")
    inside.run(optimizer={"use": "./kinds.py:Steps"}, rewards=floors)
    assert resumed == (inside.told(), inside.ledger.rows.training(0, "optimize")[-1])
    assert resumed[1][1]["multiplier/value"] > 0.1


def test_judging_while_training_is_no_progress_of_the_stage(inside: Inside) -> None:
    inside.run(**LEARNER)
    assert inside.progress.advanced["optimize"] == 1


@pytest.mark.parametrize("watch", ["gold", "judge"])
def test_training_is_watched_by_what_it_never_learns_from(watch: str, inside: Inside) -> None:
    inside.run(
        **LEARNER,
        rewards={"value": VALUE},
        evaluation={"watch": watch, "judge": {"use": "./kinds.py:Sharp"}},
    )
    watched = inside.told()["watched"]
    assert len(watched) == 6
    assert all(0.0 <= score <= 1.0 for score in watched)
    assert len(set(watched)) == (1 if watch == "gold" else 2)


def test_an_optimizer_that_learns_from_pairs_is_watched_too(inside: Inside) -> None:
    inside.run(optimizer={"use": "./kinds.py:Watched"}, evaluation={"watch": "gold"})
    told = inside.told()
    assert told["scorer"] is False
    assert len(told["watched"]) == 6
