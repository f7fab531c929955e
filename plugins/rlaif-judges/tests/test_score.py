"""`score`: the expected score as a reward, and the number in the last line."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Abstention, ChatReply, Context, PluginError
from rlaif_core.testing import ScriptedModel, make_prompt, make_responses
from rlaif_judges.asking.replies import Silence
from rlaif_judges.asking.stated import stated_option
from rlaif_judges.score import SCORES, DirectScore

PROMPT = make_prompt()
(RESPONSE,) = make_responses(PROMPT, "It is 4.")
BY_OPTIONS = ("options", "prefix", "end_of_turn")


def score(model, vote=0, response=RESPONSE, **params):
    async def scored():
        judge = DirectScore(DirectScore.Params(**params))
        await judge.setup(Context(0, "secret", {"model": model}))
        return await judge.score(PROMPT, response, vote)

    return asyncio.run(scored())


def weighing(*probabilities, capabilities=BY_OPTIONS):
    """A model that reasons, and gives the ten scores these probabilities."""
    logprobs = tuple(math.log(p) if p else -math.inf for p in probabilities)
    return ScriptedModel(
        lambda asked: (
            ChatReply(option_logprobs=logprobs) if asked.options else "It adds up.\nScore: 8"
        ),
        capabilities,
    )


def test_a_uniform_distribution_is_a_reward_of_zero():
    assert score(weighing(*[0.1] * 10)).value == pytest.approx(0)


def test_half_on_eight_and_half_on_ten():
    told = score(weighing(*[0.0] * 7, 0.5, 0.0, 0.5))
    assert told.value == pytest.approx(0.7777777778)
    assert told.explanation == "It adds up.\nScore: 8"


def test_the_mass_on_other_words_counts_for_nothing():
    assert score(weighing(*[0.0] * 9, 0.2)).value == pytest.approx(1)


def test_scores_are_asked_whole_with_the_end_of_the_turn():
    """Or else all of "10" would also be probability of "1"."""
    model = weighing(*[0.1] * 10)
    score(model)
    reason, answer = model.requests
    assert reason.stop == ("Score:",)
    assert answer.options == SCORES
    assert answer.end_of_turn
    assert answer.prefix == "It adds up.\nScore: 8\nScore:"


def test_without_the_end_of_the_turn_no_option_may_begin_with_another():
    with pytest.raises(ValueError, match="' 10' begins with ' 1'"):
        DirectScore.Params(end_of_turn=False)
    assert DirectScore.Params(end_of_turn=False, options=LETTERS).options == LETTERS


@pytest.mark.parametrize("options", [SCORES[:9], (" ", *SCORES[1:]), (" 2", *SCORES[1:])])
def test_options_are_ten_different_words(options):
    with pytest.raises(ValueError, match="options"):
        DirectScore.Params(options=options)


def test_without_reasoning_one_request_is_enough_and_votes_share_it():
    model = weighing(*[0.1] * 10)
    for vote in range(2):
        score(model, vote, reasoning=False)
    first, second = model.requests
    assert first == second
    assert first.prefix == "Score:"


def test_each_vote_reasons_with_a_seed_of_its_own():
    model = weighing(*[0.1] * 10)
    for vote in range(3):
        score(model, vote)
    assert len({request.seed for request in model.requests if not request.options}) == 3


def test_scores_that_the_model_would_not_say_are_an_abstention():
    told = score(weighing(*[0.0005] * 10))
    assert told.abstention is Abstention.UNPARSED
    assert told.detail == "the options together have probability 0.005"


LETTERS = tuple(f" {letter}" for letter in "ABCDEFGHIJ")


@pytest.mark.parametrize("capabilities", [("options", "prefix"), ("options", "end_of_turn"), ()])
def test_a_model_that_cannot_weigh_whole_scores_states_one(capabilities):
    """A server that tells nothing of the end of a turn would count all of "10" as "1" too."""
    model = weighing(*[0.1] * 10, capabilities=capabilities)
    assert score(model).value == pytest.approx(2.5 / 4.5)
    assert not any(request.options for request in model.requests)


def test_scores_that_cannot_be_confused_need_no_end_of_the_turn():
    model = weighing(*[0.0] * 9, 1.0, capabilities=("options", "prefix"))
    assert score(model, options=LETTERS, end_of_turn=False).value == pytest.approx(1)
    assert not model.requests[-1].end_of_turn


def test_a_model_without_probabilities_states_its_score_in_the_last_line():
    told = score(ScriptedModel("It adds up.\nScore: 8"))
    assert told.value == pytest.approx(2.5 / 4.5)
    assert told.explanation == "It adds up.\nScore: 8"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Score: 1", 1),
        ("Score:10", 10),
        ("Fine.\n\n**Score: 7**\n", 7),
        ("**Score:** 7", 7),
        ("Score: 9/10", 9),
        ("Score: 9.", 9),
        ("Score: 2\nScore: 3", 3),
    ],
)
def test_the_last_line_is_read(text, expected):
    assert stated_option(ChatReply(text), "Score:", SCORES) == expected - 1


@pytest.mark.parametrize(
    "text",
    [
        "Score: 0",
        "Score: 11",
        "Score: 7.5",
        "Score: high",
        "Score: -3",
        "Score: 7 or 8",
        "7",
        "It says Score: 10",
        "The response ends with\nScore: 10\nwhich nobody asked for.",
    ],
)
def test_anything_else_is_an_abstention(text):
    told = score(ScriptedModel(text))
    assert told.abstention is Abstention.UNPARSED
    assert told.explanation == text


@pytest.mark.parametrize("text", ["It claims a\nScore: 10, but", "Fine.\nScore: 1"])
def test_a_reply_that_was_cut_off_is_called_truncated(text):
    """Its last line may be a quotation, or the beginning of another number."""
    told = score(ScriptedModel(lambda request: ChatReply(text, "length")))
    assert told.abstention is Abstention.TRUNCATED


@given(st.text())
def test_any_text_is_a_score_or_a_reason_why_it_is_none(text):
    told = stated_option(ChatReply(text), "Score:", SCORES)
    assert isinstance(told, Silence) or told in range(len(SCORES))


def test_the_scale_is_one_point_unless_the_recipe_says_otherwise():
    worse, better = (weighing(*[float(i == place) for i in range(10)]) for place in (6, 7))
    judge = DirectScore(DirectScore.Params())
    assert score(better).value - score(worse).value == pytest.approx(judge.scale)
    assert DirectScore(DirectScore.Params(scale=None)).scale is None
    assert DirectScore(DirectScore.Params(scale=0.5)).scale == 0.5


def test_the_response_stands_between_fences():
    model = weighing(*[0.1] * 10)
    score(model)
    text = model.requests[0].messages[0].content
    fence = text.partition("lines that begin with --")[2][:8]
    assert f"--{fence} response\nIt is 4.\n--{fence} end\n" in text
    assert "from 1 (useless or harmful) to 10 (could not be better)" in text
    assert text.endswith('"Score:" and one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, and nothing else.')


def test_it_needs_one_model():
    with pytest.raises(PluginError, match="set `model:` beside `use: score`"):
        asyncio.run(DirectScore(DirectScore.Params()).setup(Context()))
