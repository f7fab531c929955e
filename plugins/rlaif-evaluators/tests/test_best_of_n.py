"""The evaluator `best-of-n`."""

from __future__ import annotations

import asyncio
import math

import pytest
from pydantic import ValidationError

from rlaif_core.api import ChatReply, ModelError
from rlaif_core.testing import ScriptedModel, make_evaluation
from rlaif_evaluators.best_of_n import BestOfN, BestOfNParams


def curve(answer, reward, gold=None, **params):
    evaluation = make_evaluation(3, base=ScriptedModel(answer), reward=reward, gold=gold)
    params = BestOfNParams(n=(1, 2, 4), samples=4, **params)
    return asyncio.run(BestOfN(params).evaluate(evaluation)).figures["policy"]


def one_in_four():
    """Each prompt's four samples are worth 0, 1, 2 and 3."""
    seen: dict[str, int] = {}

    def answer(request):
        key = request.messages[-1].content
        seen[key] = seen.get(key, -1) + 1
        return ChatReply(str(seen[key]))

    return answer


def by_number(prompts, responses):
    return [float(response) for response in responses]


def test_the_best_of_more_is_better_by_the_reward_it_is_chosen_by():
    rows = curve(one_in_four(), by_number)["best_of_n"]
    assert [row["n"] for row in rows] == [1, 2, 4]
    assert [row["reward"] for row in rows] == pytest.approx(
        [1.5, (0 * 0 + 1 + 2 * 2 + 3 * 3) / 6, 3]
    )
    assert [row["kl_bound"] for row in rows] == pytest.approx(
        [0, math.log(2) - 1 / 2, math.log(4) - 3 / 4]
    )


def test_a_reward_model_that_is_wrong_shows_as_gold_that_falls():
    rows = curve(one_in_four(), by_number, gold=lambda prompt, text: 1 - float(text) / 3)[
        "best_of_n"
    ]
    assert [row["gold"] for row in rows] == pytest.approx([0.5, 1 - 14 / 18, 0.0])


def test_refused_samples_are_counted_and_left_out():
    def answer(request):
        return ModelError("refused") if request.seed % 2 else ChatReply("1")

    evaluation = make_evaluation(8, base=ScriptedModel(answer), reward=by_number, gold=None)
    figures = asyncio.run(BestOfN(BestOfNParams(n=(1,), samples=4)).evaluate(evaluation)).figures[
        "policy"
    ]
    assert 0 < figures["best_of_n_failed"] < 32
    assert figures["best_of_n"][0]["reward"] == 1.0


def test_without_a_reward_model_there_is_nothing_to_choose_by():
    evaluation = make_evaluation(2, reward=None)
    assert asyncio.run(BestOfN(BestOfNParams()).evaluate(evaluation)) == {}


def test_more_cannot_be_chosen_among_than_are_drawn():
    with pytest.raises(ValidationError, match="every n must lie in"):
        BestOfNParams(n=(8,), samples=4)
