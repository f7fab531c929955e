"""The evaluator `drift`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from rlaif_core.testing import make_evaluation, make_prompt, make_responses
from rlaif_evaluators.drift import Drift


def measured(before: list[str], after: list[str], **changes):
    prompts = [make_prompt(prompt_id=f"prompt-{n}") for n in range(len(before))]
    evaluation = make_evaluation(
        prompts=prompts,
        before=[
            make_responses(prompt, text)[0] for prompt, text in zip(prompts, before, strict=True)
        ],
        after=[
            make_responses(prompt, text)[0] for prompt, text in zip(prompts, after, strict=True)
        ],
        **changes,
    )
    return asyncio.run(Drift(Drift.Params()).evaluate(evaluation))


def test_length_and_reward_are_means_before_and_after():
    figures = measured(["ab", "abcd"], ["abcdef", "ab"])["policy"]
    assert figures["length"] == {"before": 3.0, "after": 4.0}
    assert figures["reward"] == {"before": 3.0, "after": 4.0}


def test_a_policy_that_repeats_itself_is_less_diverse():
    figures = measured(["one two three", "four five six"], ["yes yes yes", "yes yes yes"])["policy"]
    assert figures["distinct_1"] == {"before": 1.0, "after": pytest.approx(1 / 6)}
    assert figures["distinct_2"] == {"before": 1.0, "after": pytest.approx(1 / 4)}
    assert figures["unique"] == {"before": 1.0, "after": 0.5}


def test_answers_cut_off_by_the_limit_are_counted():
    evaluation = make_evaluation(2)
    cut = [replace(evaluation.after[0], finish_reason="length"), evaluation.after[1]]
    figures = asyncio.run(Drift(Drift.Params()).evaluate(replace(evaluation, after=cut)))
    assert figures["policy"]["unfinished"] == {"before": 0.0, "after": 0.5}


def test_without_a_reward_model_there_is_no_reward():
    assert "reward" not in measured(["a"], ["b"], reward=None)["policy"]


def test_without_a_new_policy_nothing_is_measured():
    evaluation = make_evaluation(2, after=[])
    assert asyncio.run(Drift(Drift.Params()).evaluate(evaluation)) == {}
