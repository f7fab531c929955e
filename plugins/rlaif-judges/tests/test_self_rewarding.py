"""`self-rewarding`: the mean of several scores by the rubric."""

import asyncio

import pytest

from rlaif_core.api import Abstention, Context, PluginError
from rlaif_core.testing import (
    PointwiseJudgeConformance,
    ScriptedModel,
    make_prompt,
    make_responses,
)
from rlaif_judges.self_rewarding import SelfRewarding

PROMPT = make_prompt()
(RESPONSE,) = make_responses(PROMPT, "It is 4.")


class TestConformance(PointwiseJudgeConformance):
    component = SelfRewarding

    def reply(self, request, is_better):
        return f"Sums.\nScore: {5 if is_better else 1}"


def score(model, vote=0, **params):
    async def scored():
        judge = SelfRewarding(SelfRewarding.Params(**params))
        await judge.setup(Context(0, "secret", {"model": model}))
        return await judge.score(PROMPT, RESPONSE, vote)

    return asyncio.run(scored())


def test_the_score_is_the_mean_of_its_samples():
    model = ScriptedModel(["Fine.\nScore: 4", "Poor.\nScore: 1", "**Score: 4/5**"])
    told = score(model, samples=3)
    assert told.value == pytest.approx(3)
    assert told.explanation == "Fine.\nScore: 4\n\nPoor.\nScore: 1\n\n**Score: 4/5**"


def test_every_sample_of_every_vote_has_a_seed_of_its_own():
    model = ScriptedModel("Score: 3")
    for vote in range(2):
        score(model, vote, samples=4)
    assert len({request.seed for request in model.requests}) == 8


def test_samples_that_cannot_be_read_are_left_out():
    assert score(ScriptedModel(["Score: 4", "Score: 6", "Hm."])).value == 4


def test_if_none_can_be_read_the_first_reason_is_given():
    told = score(ScriptedModel(["", "Hm.", "Score: 6"]))
    assert told.abstention is Abstention.EMPTY
    assert told.explanation == "\n\nHm.\n\nScore: 6"


@pytest.mark.parametrize(
    ("said", "named"), [("Score: 10", "10"), ("**Score: 7/5**", "7/5"), ("Score: high", "high")]
)
def test_a_score_beyond_the_rubric_is_named(said, named):
    told = score(ScriptedModel(f"Good.\n{said}"))
    assert told.abstention is Abstention.UNPARSED
    assert told.detail == f"{named} is not one of 0, 1, 2, 3, 4, 5"


def test_no_points_is_a_score_and_no_abstention():
    assert score(ScriptedModel("Score: 0")).value == 0


def test_the_rubric_has_five_points_and_fences_the_response():
    model = ScriptedModel("Score: 3")
    score(model)
    text = model.requests[0].messages[0].content
    fence = text.partition("lines that begin with --")[2][:8]
    assert f"--{fence} response\nIt is 4.\n--{fence} end\n" in text
    assert all(f"\n{point}. It " in text for point in range(1, 6))


def test_the_scale_is_the_recipes():
    assert SelfRewarding(SelfRewarding.Params(scale=1.0)).scale == 1.0


def test_it_needs_one_model():
    with pytest.raises(PluginError, match="set `model:` beside `use: self-rewarding`"):
        asyncio.run(SelfRewarding(SelfRewarding.Params()).setup(Context()))
