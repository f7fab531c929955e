"""The evaluator `win-rate`."""

import asyncio
from dataclasses import replace

import pytest

from rlaif_core.testing import judge_all, make_evaluation, make_prompt, make_responses
from rlaif_evaluators.win_rate import WinRate


def measured(before, after, p_after):
    """Figures for one prompt a text; `p_after` judges the texts of after and before."""
    prompts = [make_prompt(prompt_id=f"prompt-{n}") for n in range(len(before))]
    asked = []

    async def judge(items):
        asked.extend((first.text, second.text) for _, (first, second) in items)
        return [
            judge_all(prompt, [pair], lambda a, b: p_after(a.text, b.text))[0]
            for prompt, pair in items
        ]

    evaluation = make_evaluation(
        prompts=prompts,
        before=[
            make_responses(prompt, text)[0] for prompt, text in zip(prompts, before, strict=True)
        ],
        after=[
            make_responses(prompt, text)[0] for prompt, text in zip(prompts, after, strict=True)
        ],
        judge=judge,
    )
    measured = asyncio.run(WinRate(WinRate.Params()).evaluate(evaluation))
    return measured.figures["policy"], asked


async def abstaining(items):
    return [judge_all(prompt, [pair], lambda a, b: None)[0] for prompt, pair in items]


def new_wins(after, before):
    return 0.6 if after > before else 0.5 if after == before else 0.4


def test_a_win_counts_one_and_a_tie_one_half():
    figures, _ = measured("1122", "2212", new_wins)
    assert figures["win_rate"]["value"] == pytest.approx((1 + 1 + 0 + 0.5) / 4)


def test_how_sure_the_judge_is_does_not_count():
    figures, _ = measured("1111", "2222", lambda after, before: 0.51)
    assert figures["win_rate"]["value"] == 1.0


def test_the_new_policy_is_shown_as_a():
    _, asked = measured("1", "2", new_wins)
    assert asked == [("2", "1")]


def test_equal_texts_are_a_tie_that_nobody_is_asked_about():
    figures, asked = measured("12", "13", new_wins)
    assert asked == [("3", "2")]
    assert figures["win_rate"]["value"] == 0.75


def test_abstentions_are_counted_and_left_out():
    figures, _ = measured("123", "231", lambda after, before: 1.0 if after == "2" else None)
    assert figures["win_rate_abstentions"] == 2
    assert figures["win_rate"]["value"] == 1.0


def test_a_judge_that_always_abstains_leaves_no_win_rate():
    figures, _ = measured("12", "21", lambda after, before: None)
    assert figures == {"win_rate_abstentions": 2}


def test_a_win_rate_that_nobody_decided_is_missing_with_the_reason():
    silent = make_evaluation(4, judge=abstaining)
    silent = replace(silent, previous=silent.after[::-1])
    missing = asyncio.run(WinRate(WinRate.Params()).evaluate(silent)).metrics
    why = "the judge abstained on all 4 held-out prompts"
    assert [(metric.name, metric.reason) for metric in missing] == [
        ("win_rate", why),
        ("win_rate_previous", why),
    ]


def test_the_interval_narrows_with_the_number_of_prompts():
    few, _ = measured("12" * 10, "21" * 10, new_wins)
    many, _ = measured("12" * 100, "21" * 100, new_wins)
    assert 0 < few["win_rate"]["low"] < many["win_rate"]["low"] < 0.5
    assert 0.5 < many["win_rate"]["high"] < few["win_rate"]["high"] < 1


def test_where_only_length_wins_the_win_rate_at_equal_length_is_one_half():
    long_wins = {"x" * 40: 0.9, "x": 0.1}
    before = ["xx"] * 40
    after = ["x" * 40 if n % 4 else "x" for n in range(40)]
    figures, _ = measured(before, after, lambda new, old: long_wins[new])
    assert figures["win_rate"]["value"] == 0.75
    assert figures["win_rate_length_controlled"]["value"] < 0.65
    assert figures["length_effect"] > 1.0


def test_from_the_second_round_on_the_last_policy_is_compared_too():
    evaluation = make_evaluation(4)
    evaluation = replace(evaluation, previous=evaluation.after)
    figures = asyncio.run(WinRate(WinRate.Params()).evaluate(evaluation)).figures["policy"]
    assert figures["win_rate"]["value"] == 1.0
    assert figures["win_rate_previous"]["value"] == 0.5
