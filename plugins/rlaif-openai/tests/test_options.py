import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import ModelError, Usage
from rlaif_core.testing.loopback import Answer
from rlaif_openai.options import LEAST, option_logprobs

AB = ("A", "B")


def _normalised(weights):
    total = sum(weights.values()) + 1e-3
    shares = {token: weight / total for token, weight in weights.items()}
    return [(token, math.log(share) if share else -9999.0) for token, share in shares.items()]


listings = st.dictionaries(
    st.text("AB1 \nx", max_size=4), st.floats(0.0, 1.0), min_size=1, max_size=8
).map(_normalised)


def test_an_option_of_one_token_has_the_probability_of_that_token():
    assert option_logprobs([("A", -0.1), ("B", -2.5), ("C", -7.0)], AB) == (-0.1, -2.5)


def test_options_come_in_their_order():
    assert option_logprobs([("A", -0.1), ("B", -2.5)], ("B", "A")) == (-2.5, -0.1)


def test_white_space_before_an_answer_does_not_matter():
    spaced = [(" A", math.log(0.4)), ("A", math.log(0.2)), ("B", math.log(0.3))]
    a, b = option_logprobs(spaced, (" A", " B"))

    assert math.exp(a) == pytest.approx(0.6)
    assert math.exp(b) == pytest.approx(0.3)


def test_an_option_of_several_tokens_is_known_by_its_first():
    assert option_logprobs([("help", -0.2), ("harm", -1.8)], ("helpful", "harmless")) == (
        -0.2,
        -1.8,
    )


def test_options_that_begin_with_the_same_token_cannot_be_told_apart():
    assert option_logprobs([("Response", -0.1)], ("Response 1", "Response 2")) is None
    assert option_logprobs([("1", -0.1), ("2", -3.0)], ("1", "10")) is None


def test_a_longer_token_tells_such_options_apart():
    assert option_logprobs([("1", -0.7), ("10", -0.7)], ("1", "10")) == (-0.7, -0.7)


def test_options_that_differ_in_white_space_alone_cannot_be_told_apart():
    assert option_logprobs([("A", -0.1)], ("A", " A")) is None


def test_a_longer_word_is_another_answer():
    a, _ = option_logprobs([("As", -0.1), ("A", -3.0), ("B", -4.0)], AB)

    assert a == -3.0


def test_an_option_that_is_not_listed_has_at_most_what_the_others_leave():
    a, b = option_logprobs([("A", math.log(0.999)), ("x", math.log(0.0005))], AB)

    assert math.exp(a) == pytest.approx(0.999)
    assert math.exp(b) == pytest.approx(0.0005)
    assert math.exp(option_logprobs([("A", math.log(0.9))], AB)[1]) == pytest.approx(0.1)


def test_an_impossible_token_stays_a_number():
    assert option_logprobs([("A", 0.0), ("B", -9999.0)], AB) == (0.0, LEAST)


def test_what_is_no_number_is_not_listed():
    assert option_logprobs([("A", -0.1), ("B", math.nan)], AB) == option_logprobs([("A", -0.1)], AB)


def test_nothing_listed_says_nothing():
    assert option_logprobs([], AB) is None
    assert option_logprobs([(" ", -0.1)], AB) is None


@given(listings, st.permutations(["A", "B", "1"]))
def test_log_probabilities_are_finite_at_most_0_and_follow_the_options(top, options):
    values = option_logprobs(top, options)
    turned = option_logprobs(top, options[::-1])

    if values is None:
        assert turned is None
    else:
        assert all(LEAST <= value <= 0.0 for value in values)
        assert turned == values[::-1]


@given(listings, st.randoms(use_true_random=False))
def test_the_order_of_the_listing_does_not_matter(top, random):
    shuffled = random.sample(top, len(top))
    before, after = option_logprobs(top, AB), option_logprobs(shuffled, AB)

    assert (before is None) == (after is None)
    assert before is None or after == pytest.approx(before)


def test_options_are_read_from_the_first_token(ask_one, completion, request_of):
    answer = Answer(body=completion("A", "length", top=[("A", -0.1), ("B", -2.5)]))
    reply, sent = ask_one(answer, request_of(options=AB), probabilities="logprobs")

    assert reply.option_logprobs == (-0.1, -2.5)
    assert (reply.text, reply.finish_reason, reply.usage) == ("", "options", Usage(12, 3))
    assert (sent["logprobs"], sent["top_logprobs"], sent["max_tokens"]) == (True, 20, 1)
    assert (sent["temperature"], sent["top_p"]) == (1.0, 1.0)


def test_what_a_model_refuses_is_left_out_with_options_too(ask_one, completion, request_of):
    request = request_of(options=AB)
    params = {"probabilities": "logprobs", "omit": ["temperature"]}
    _, sent = ask_one(Answer(body=completion("A")), request, **params)

    assert "temperature" not in sent
    assert sent["top_p"] == 1.0


def test_options_without_log_probabilities_say_nothing_and_cost_all_the_same(
    ask_one, completion, request_of
):
    reply, _ = ask_one(
        Answer(body=completion("A")), request_of(options=AB), probabilities="logprobs"
    )

    assert reply.option_logprobs is None
    assert reply.usage == Usage(12, 3)


def test_options_after_a_prefix_are_asked_of_vllm(ask_one, completion, request_of):
    request = request_of(prefix="Better response:", options=(" A", " B"))
    answer = Answer(body=completion(" A", top=[(" A", -0.1), (" B", -2.5)]))
    reply, sent = ask_one(answer, request, server="vllm")

    assert reply.option_logprobs == (-0.1, -2.5)
    assert sent["messages"][-1]["content"] == "Better response:"
    assert sent["top_k"] == -1


@pytest.mark.parametrize(
    ("asked", "params"),
    [
        ({"options": AB}, {"probabilities": "off"}),
        ({"options": AB, "end_of_turn": True}, {"probabilities": "logprobs"}),
    ],
)
def test_options_that_cannot_be_asked_are_an_error(ask_one, completion, request_of, asked, params):
    error, sent = ask_one(Answer(body=completion()), request_of(**asked), **params)

    assert isinstance(error, ModelError)
    assert sent is None
