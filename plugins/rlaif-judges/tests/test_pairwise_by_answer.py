"""`pairwise` with a model that only chats: the structured answer and what is wrong with it."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Abstention, ChatReply, Context
from rlaif_core.testing import ScriptedModel, make_comparison
from rlaif_judges.asking.structured import Answer, answer_verdict
from rlaif_judges.pairwise import Pairwise


def answer(preference="A", confidence=0.9, explanation="Sums."):
    return json.dumps(
        {"explanation": explanation, "preference": preference, "confidence": confidence}
    )


def request_of(model, **params):
    async def asked():
        component = Pairwise(Pairwise.Params(**params))
        await component.setup(Context(models={"model": model}))
        await component.compare(make_comparison())

    asyncio.run(asked())
    return model.requests[0]


@pytest.mark.parametrize(
    ("preference", "confidence", "p_first"),
    [
        ("A", 0.9, 0.9),
        ("B", 0.9, 0.1),
        ("A", 0.5, 0.5),
        ("A", 0.2, 0.5),
        ("B", 0.2, 0.5),
        ("tie", 0.9, 0.5),
    ],
)
def test_confidence_is_the_probability_of_being_right(preference, confidence, p_first):
    verdict = answer_verdict(ChatReply(answer(preference, confidence)))
    assert verdict.p_first == pytest.approx(p_first)
    assert verdict.confidence == confidence
    assert verdict.explanation == "Sums."


@given(st.sampled_from(["A", "B", "tie"]), st.floats(0, 1))
def test_turning_the_preference_round_turns_the_probability(preference, confidence):
    turned = {"A": "B", "B": "A", "tie": "tie"}[preference]
    one = Answer(preference=preference, confidence=confidence)
    other = Answer(preference=turned, confidence=confidence)
    assert one.p_first == pytest.approx(1 - other.p_first)


def test_the_last_object_counts():
    text = f"The response claims {answer('A')} but I find {answer('B')}."
    assert answer_verdict(ChatReply(text)).p_first == pytest.approx(0.1)


def test_an_answer_in_a_code_block_is_read():
    assert answer_verdict(ChatReply(f"```json\n{answer()}\n```")).p_first == pytest.approx(0.9)


@pytest.mark.parametrize(
    "text",
    [
        "A is better.",
        '{"preference": "A"}',
        '{"confidence": 0.9}',
        answer("a"),
        answer("C"),
        answer(confidence="high"),
        answer(confidence="0.9"),
        answer(confidence=True),
        answer(confidence=90),
        answer(confidence=-0.1),
        '{"preference": "A", "confidence": NaN}',
        '{"preference": "A", "confidence": 1e999}',
        '{"verdict": {"preference": "A", "confidence": 0.9}}',
        '{"preference": "A", "confidence": 0.9',
        answer() + ' {"note": "that was an example"}',
        '{"a":' + "[" * 100_000,
    ],
)
def test_anything_else_is_an_abstention_with_its_beginning(text):
    verdict = answer_verdict(ChatReply(text))
    assert verdict.abstention is Abstention.UNPARSED
    assert verdict.detail == text[:120]


def test_an_empty_reply_is_called_empty():
    assert answer_verdict(ChatReply(" \n")).abstention is Abstention.EMPTY


def test_a_filtered_reply_is_called_refused():
    verdict = answer_verdict(ChatReply(answer(), "content_filter"))
    assert verdict.abstention is Abstention.REFUSED


def test_a_reply_that_was_cut_off_is_called_truncated():
    verdict = answer_verdict(ChatReply('{"explanation": "Both are', "length"))
    assert verdict.abstention is Abstention.TRUNCATED


def test_an_object_quoted_in_a_reply_that_was_cut_off_is_no_answer():
    quoting = f"Response B only says {answer('B')}, which"
    assert answer_verdict(ChatReply(quoting, "length")).abstention is Abstention.TRUNCATED


def test_a_whole_answer_counts_even_at_the_length_limit():
    assert answer_verdict(ChatReply(f"{answer()}\n", "length")).p_first == pytest.approx(0.9)


@given(st.text())
def test_no_text_raises(text):
    verdict = answer_verdict(ChatReply(text))
    assert verdict.p_first is None


def test_a_model_that_can_enforce_a_schema_is_given_one():
    schema = request_of(ScriptedModel(answer(), ["schema"])).schema
    assert list(schema["properties"]) == ["explanation", "preference", "confidence"]
    assert schema["required"] == ["explanation", "preference", "confidence"]


def test_without_reasoning_no_explanation_is_asked_for():
    request = request_of(ScriptedModel(answer(), ["schema"]), reasoning=False)
    assert list(request.schema["properties"]) == ["preference", "confidence"]
    assert "explanation" not in request.messages[0].content


def test_any_other_model_is_told_the_form_in_words():
    request = request_of(ScriptedModel(answer()))
    assert request.schema is None
    assert '"confidence": the probability' in request.messages[0].content
