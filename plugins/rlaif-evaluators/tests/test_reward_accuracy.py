"""The evaluator `reward-accuracy`."""

import asyncio

import numpy as np
import pytest
from scipy.special import expit

from rlaif_core.api import Measurement
from rlaif_core.testing import make_evaluation, make_preference, make_prompt
from rlaif_evaluators.reward_accuracy import RewardAccuracy


def evaluated(heldout, reward, **params):
    evaluation = make_evaluation(heldout=heldout, reward=reward)
    component = RewardAccuracy(RewardAccuracy.Params(**params))
    found = asyncio.run(component.evaluate(evaluation))
    return found.figures if isinstance(found, Measurement) else found


def measured(rewards, pairs, columns=None, **params):
    heldout = [
        make_preference(
            chosen,
            rejected,
            prompt=make_prompt(prompt_id=f"prompt-{n}", **(columns[n] if columns else {})),
        )
        for n, (chosen, rejected) in enumerate(pairs)
    ]
    return evaluated(
        heldout, lambda _, responses: [rewards[response] for response in responses], **params
    )


def simulated(count, temperature, seed=0):
    """Preferences whose log-odds are the reward's margin over `temperature`."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(scale=2, size=count)
    rewards, heldout = {}, []
    for n, margin in enumerate(margins):
        pair = [f"{n} first", f"{n} other"]
        rewards |= dict(zip(pair, (margin, 0.0), strict=True))
        p = float(expit(margin / temperature))
        chosen, rejected = pair if p >= 0.5 else pair[::-1]
        prompt = make_prompt(prompt_id=f"prompt-{n}")
        heldout.append(make_preference(chosen, rejected, max(p, 1 - p), prompt))
    return heldout, lambda _, responses: [rewards[response] for response in responses]


def test_accuracy_counts_a_tie_one_half():
    figures = measured({"a": 1.0, "b": 0.0, "c": 0.0}, ["ab", "ba", "bc", "ac"])["reward_model"]
    assert figures["accuracy"] == pytest.approx((1 + 0 + 0.5 + 1) / 4)
    assert figures["accuracy_low"] < figures["accuracy"] < figures["accuracy_high"]
    assert figures["heldout"] == 4


def test_prompts_and_responses_are_scored_together():
    def reward(prompts, responses):
        return [
            float(prompt.id == "prompt-1") * len(response)
            for prompt, response in zip(prompts, responses, strict=True)
        ]

    heldout = [
        make_preference("xx", "y", prompt=make_prompt(prompt_id=f"prompt-{n}")) for n in (1, 2)
    ]
    assert evaluated(heldout, reward)["reward_model"]["accuracy"] == 0.75


def test_without_held_out_preferences_nothing_is_said():
    assert measured({}, []) == {}


def test_accuracy_by_the_prompts_category():
    columns = [{"category": "sums"}, {"category": "sums"}, {"category": "manners"}, {}]
    rewards = {"a": 1.0, "b": 0.0}
    found = measured(rewards, ["ab", "ba", "ab", "ab"], columns)["reward_model"]
    by = found["accuracy_by_category"]
    assert {name: (share["value"], share["n"]) for name, share in by.items()} == {
        "sums": (0.5, 2),
        "manners": (1.0, 1),
    }
    assert by["sums"]["low"] <= 0.5 <= by["sums"]["high"]
    assert found["heldout"] == 4


def test_the_categories_column_can_be_chosen():
    found = measured({"a": 1.0, "b": 0.0}, ["ab"], [{"task": "x"}], category="task")
    assert list(found["reward_model"]["accuracy_by_category"]) == ["x"]


def test_without_categories_there_is_no_breakdown():
    assert "accuracy_by_category" not in measured({"a": 1.0, "b": 0.0}, ["ab"])["reward_model"]


def test_rewards_that_are_log_odds_up_to_a_scale_are_calibrated():
    figures = evaluated(*simulated(400, temperature=2.0))["reward_model"]
    assert figures["calibration_temperature"] == pytest.approx(2.0, rel=0.02)
    assert figures["calibration_ece"] < 0.02
    assert figures["calibration_brier"] < 1e-4


def test_rewards_that_say_nothing_are_not():
    heldout, _ = simulated(400, temperature=1.0)
    noise = iter(np.random.default_rng(1).normal(size=800))
    figures = evaluated(heldout, lambda _, responses: [float(next(noise)) for _ in responses])
    assert figures["reward_model"]["calibration_brier"] > 0.03


def test_a_pair_is_never_calibrated_on_itself():
    """One prompt cannot be split, so nothing is said."""
    assert "calibration_ece" not in measured({"a": 1.0, "b": 0.0}, ["ab"])["reward_model"]


def test_a_reward_model_that_goes_by_length_is_told():
    pairs = [("long one", "short"), ("short", "long one"), ("longest one", "s")]
    heldout = [
        make_preference(*pair, prompt=make_prompt(prompt_id=f"p{n}"))
        for n, pair in enumerate(pairs)
    ]
    figures = evaluated(
        heldout, lambda _, responses: [float(len(response)) for response in responses]
    )
    assert figures["reward_model"]["length_correlation"] == pytest.approx(1.0)
    assert figures["reward_model"]["longer_preferred"]["value"] == 1.0
    assert figures["reward_model"]["longer_chosen"]["value"] == pytest.approx(2 / 3)


def test_what_length_has_no_part_in_is_uncorrelated():
    rng = np.random.default_rng(0)
    heldout = [
        make_preference("x" * int(a), "y" * int(b), prompt=make_prompt(prompt_id=f"p{n}"))
        for n, (a, b) in enumerate(rng.integers(1, 50, size=(400, 2)))
    ]
    figures = evaluated(heldout, lambda _, responses: list(rng.normal(size=len(responses))))
    assert abs(figures["reward_model"]["length_correlation"]) < 0.15


def test_responses_of_one_length_have_no_length_figures():
    figures = measured({"a": 1.0, "b": 0.0}, ["ab", "ba"])["reward_model"]
    assert not any("length" in name or "longer" in name for name in figures)
