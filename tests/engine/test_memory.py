"""What is in memory while something is trained."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.inside import Inside, inside

__all__ = ["inside"]

OFFLINE: dict[str, Any] = {"optimizer": {"use": "./toy.py:Weighing"}}
ONLINE: dict[str, Any] = {"optimizer": {"use": "./toy.py:WeighingOnline"}}
BY_MODEL = {"use": "./toy.py:Judge", "model": "judge"}


def test_what_sampled_and_judged_holds_no_weights_while_a_policy_is_trained(
    inside: Inside,
) -> None:
    inside.run(**OFFLINE, judge=BY_MODEL)
    assert inside.told()["held"] == []


def test_a_policy_is_sampled_and_let_go_again_in_every_round(inside: Inside) -> None:
    inside.run(**OFFLINE, judge=BY_MODEL, rounds=2)
    assert inside.told(1)["held"] == []
    assert inside.ledger.counts(1)["responses"] > 0


def test_the_judge_that_rewards_stays(inside: Inside) -> None:
    inside.run(**ONLINE, judge=BY_MODEL)
    assert inside.told()["held"] == ["toy:judge"]


@pytest.mark.parametrize(("watch", "held"), [("judge", ["toy:other"]), ("gold", [])])
def test_the_judge_that_watches_stays_and_the_base_it_compares_with_goes(
    watch: str, held: list[str], inside: Inside
) -> None:
    models = {
        "judge": {"use": "./toy.py:ToyModel", "params": {"path": "judge"}},
        "other": {"use": "./toy.py:ToyModel", "params": {"path": "other"}},
    }
    inside.run(
        **OFFLINE,
        models=models,
        judge=BY_MODEL,
        evaluation={"watch": watch, "judge": {**BY_MODEL, "model": "other"}},
    )
    assert inside.told()["held"] == held


def test_a_reward_model_is_not_held_while_the_next_one_is_fitted(inside: Inside) -> None:
    rewards = {"learned": {"use": "reward_model"}}
    reward_model = {"use": "./kinds.py:Numbers"}
    inside.run(
        optimizer={"use": "./kinds.py:Learner"},
        reward_model=reward_model,
        rewards=rewards,
        rounds=2,
    )
    assert inside.told(1)["rewards"] == [0.1, 0.4, 0.6, 0.9] * 4
