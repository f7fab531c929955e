"""`pairwise` with a model that gives option probabilities."""

import asyncio
import math

import pytest

from rlaif_core.api import Abstention, ChatReply, Context
from rlaif_core.testing import ScriptedModel, make_comparison
from rlaif_judges.pairwise import Pairwise

CAPABILITIES = ("options", "prefix")


def judge(comparison, model, seed=0, **params):
    async def judged():
        component = Pairwise(Pairwise.Params(**params))
        await component.setup(Context(seed, "secret", {"model": model}))
        return await component.compare(comparison)

    return asyncio.run(judged())


def logprobs(*p):
    return ChatReply(option_logprobs=tuple(math.log(probability) for probability in p))


def test_the_soft_label_is_the_softmax_of_both_options():
    model = ScriptedModel(["A adds up. ", logprobs(0.6, 0.2)], CAPABILITIES)
    assert judge(make_comparison(), model).p_first == pytest.approx(0.75)


def test_the_answer_is_asked_after_the_models_own_reasoning():
    model = ScriptedModel(["A adds up.\n", logprobs(0.6, 0.2)], CAPABILITIES)
    verdict = judge(make_comparison(), model)
    reason, answer = model.requests
    assert reason.stop == ("Better response:",)
    assert reason.temperature == 0.5
    assert answer.prefix == "A adds up.\nBetter response:"
    assert answer.options == (" A", " B")
    assert verdict.explanation == "A adds up."


def test_reasoning_that_does_not_end_its_line_gets_a_line_end():
    model = ScriptedModel(["A adds up.", logprobs(0.6, 0.2)], CAPABILITIES)
    judge(make_comparison(), model)
    assert model.requests[1].prefix == "A adds up.\nBetter response:"


def test_reasoning_that_was_cut_off_is_still_followed_by_the_question():
    model = ScriptedModel([ChatReply("A adds", "length"), logprobs(0.6, 0.2)], CAPABILITIES)
    assert judge(make_comparison(), model).p_first == pytest.approx(0.75)


def test_empty_reasoning_is_no_abstention():
    model = ScriptedModel(["", logprobs(0.6, 0.2)], CAPABILITIES)
    assert judge(make_comparison(), model).p_first == pytest.approx(0.75)


def test_without_reasoning_one_request_is_enough_and_votes_share_it():
    model = ScriptedModel(lambda request: logprobs(0.6, 0.2), CAPABILITIES)
    for vote in range(2):
        judge(make_comparison(vote=vote), model, reasoning=False)
    first, second = model.requests
    assert first == second
    assert first.prefix == "Better response:"


def test_each_vote_reasons_with_a_seed_of_its_own():
    model = ScriptedModel(lambda request: logprobs(0.6, 0.2), CAPABILITIES)
    for vote in range(3):
        judge(make_comparison(vote=vote), model)
    assert len({request.seed for request in model.requests if not request.options}) == 3


def test_options_that_the_model_would_not_say_are_an_abstention():
    model = ScriptedModel(["Hm.", logprobs(0.004, 0.002)], CAPABILITIES)
    verdict = judge(make_comparison(), model)
    assert verdict.abstention is Abstention.UNPARSED
    assert verdict.detail == "the options together have probability 0.006"
    assert verdict.explanation == "Hm."


def test_the_least_mass_can_be_set():
    model = ScriptedModel(["Hm.", logprobs(0.004, 0.001)], CAPABILITIES)
    assert judge(make_comparison(), model, least_mass=0).p_first == pytest.approx(0.8)


def test_an_impossible_option_is_certainty_and_no_error():
    model = ScriptedModel(["Hm.", ChatReply(option_logprobs=(-0.1, -math.inf))], CAPABILITIES)
    assert judge(make_comparison(), model).p_first == 1.0


def test_clipped_probabilities_stay_within_the_clip():
    model = ScriptedModel(["Hm.", logprobs(0.98, 0.01)], CAPABILITIES)
    assert judge(make_comparison(), model, clip=0.4).p_first == pytest.approx(0.6)


def test_a_refusal_to_reason_is_an_abstention_and_costs_no_second_call():
    model = ScriptedModel([ChatReply("I won't.", "refusal")], CAPABILITIES)
    verdict = judge(make_comparison(), model)
    assert (verdict.abstention, verdict.detail) == (Abstention.REFUSED, "I won't.")


def test_a_model_that_continues_no_prefix_is_asked_for_its_answer_in_a_turn_of_its_own():
    model = ScriptedModel(["A adds up.\n", logprobs(0.6, 0.2)], ["options", "schema"])
    verdict = judge(make_comparison(), model)
    reason, answer = model.requests
    assert (verdict.p_first, verdict.explanation) == (pytest.approx(0.75), "A adds up.")
    assert (reason.stop, reason.schema) == (("Better response:",), None)
    assert [(turn.role, turn.content) for turn in answer.messages] == [
        ("user", reason.messages[0].content),
        ("assistant", "A adds up."),
        ("user", "Answer with A or B and nothing else."),
    ]
    assert (answer.prefix, answer.options) == ("", (" A", " B"))


def test_without_reasoning_such_a_model_is_asked_for_the_option_alone():
    """What it says first is what its probabilities are of."""
    model = ScriptedModel(lambda request: logprobs(0.6, 0.2), ["options"])
    example = {"prompt": "p", "first": "a", "second": "b", "better": "B"}
    told = judge(make_comparison(), model, reasoning=False, examples=[example])
    (answer,) = model.requests
    text = answer.messages[0].content
    assert told.p_first == pytest.approx(0.75)
    assert text.endswith('\nAnswer with "A" or "B" and nothing else.')
    assert " end\nB\n" in text
    assert answer.prefix == ""


def test_such_a_model_that_did_not_reason_is_still_asked_to_answer():
    model = ScriptedModel(["\n", logprobs(0.6, 0.2)], ["options"])
    assert judge(make_comparison(), model).p_first == pytest.approx(0.75)
    (turn,) = model.requests[1].messages
    assert turn.content.endswith("nothing else.\n\nAnswer with A or B and nothing else.")


def test_equal_options_are_refused():
    with pytest.raises(ValueError, match="two different strings"):
        Pairwise.Params(options=(" A", " A"))
