"""The evaluator `gold`."""

import asyncio

import pytest

from rlaif_core.api import Measurement
from rlaif_core.testing import judge_all, make_evaluation, make_prompt, make_responses
from rlaif_evaluators.gold import GoldTruth

SCORES = {"bad": 0.1, "fair": 0.5, "good": 0.9, "unknown": None}


def score(prompt, response):
    return SCORES[response]


def measured(before=(), after=(), judged=(), gold=score):
    prompts = [make_prompt(prompt_id=f"prompt-{n}") for n in range(len(before))]
    evaluation = make_evaluation(
        prompts=prompts,
        before=[
            make_responses(prompt, text)[0] for prompt, text in zip(prompts, before, strict=True)
        ],
        after=[
            make_responses(prompt, text)[0] for prompt, text in zip(prompts, after, strict=True)
        ],
        judged=lambda: judged,
        gold=gold,
    )
    measured = asyncio.run(GoldTruth(GoldTruth.Params()).evaluate(evaluation))
    return measured.figures if isinstance(measured, Measurement) else measured


def judged(a, b, p_a):
    prompt = make_prompt()
    return judge_all(prompt, [tuple(make_responses(prompt, a, b))], lambda response, other: p_a)[0]


def test_scores_are_means_before_and_after():
    policy = measured(["bad", "fair"], ["fair", "good"])["policy"]
    score = policy["gold_score"]
    assert (score["before"], score["after"]) == pytest.approx((0.3, 0.7))
    gain = policy["gold_gain"]
    assert (score["low"], score["high"]) == pytest.approx((0.3 + gain["low"], 0.3 + gain["high"]))


def test_the_gain_has_an_interval_over_prompts():
    gain = measured(["bad", "fair", "bad"], ["fair", "good", "bad"])["policy"]["gold_gain"]
    assert gain["value"] == pytest.approx(0.8 / 3)
    assert gain["low"] < 0 < gain["value"] < gain["high"]


def test_one_prompt_leaves_the_gain_no_interval():
    assert "gold_gain" not in measured(["bad"], ["good"])["policy"]


def test_the_win_rate_counts_ties_one_half():
    policy = measured(["bad", "good", "fair", "fair"], ["good", "bad", "fair", "good"])["policy"]
    assert policy["gold_win_rate"]["value"] == pytest.approx((1 + 0 + 0.5 + 1) / 4)


def test_prompts_whose_truth_is_unknown_are_left_out():
    policy = measured(["bad", "bad", "unknown"], ["good", "unknown", "good"])["policy"]
    assert policy["gold_score"] == {"before": 0.1, "after": 0.9}


def test_the_judge_is_right_where_it_prefers_what_is_better():
    pairs = [judged("good", "bad", 0.9), judged("bad", "fair", 0.2), judged("good", "fair", 0.4)]
    judge = measured(judged=pairs)["judge"]
    assert judge == {"gold_accuracy": pytest.approx(2 / 3), "gold_comparisons": 3}


@pytest.mark.parametrize(
    ("a", "b", "p_a"),
    [("good", "bad", 0.5), ("good", "bad", None), ("good", "good", 0.9), ("good", "unknown", 0.9)],
)
def test_pairs_that_one_side_does_not_decide_are_left_out(a, b, p_a):
    assert measured(judged=[judged(a, b, p_a)]) == {}


def test_without_a_truth_nothing_is_said():
    assert measured(["bad"], ["good"], gold=None) == {}
