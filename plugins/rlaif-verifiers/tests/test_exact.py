import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Abstention
from rlaif_core.testing import make_prompt, make_responses
from rlaif_verifiers.exact import Exact


def score(expected, answer, **params):
    judge = Exact(Exact.Params(**params))
    prompt = make_prompt(**({} if expected is None else {"answer": expected}))
    return asyncio.run(judge.score(prompt, make_responses(prompt, answer)[0]))


@pytest.mark.parametrize(
    ("expected", "answer", "value"),
    [
        ("Paris", "paris", 1.0),
        ("Paris", "  PARIS\n", 1.0),
        ("New York", "new \n york", 1.0),
        ("Paris", "Paris.", 0.0),
        ("Paris", "It is Paris", 0.0),
        (["Paris", "Lutetia"], "lutetia", 1.0),
        (42, "42", 1.0),
        ("-3", "3", 0.0),
        ("ﬁn", "fin", 1.0),
        ("Paris", "", 0.0),
        ("Paris", ":", 0.0),
    ],
)
def test_answers_are_compared(expected, answer, value):
    assert score(expected, answer).value == value


letters = st.text(st.characters(max_codepoint=0x7F, categories=["L", "N"]), min_size=1)


@given(letters, letters, st.text(" \t\n", max_size=4))
def test_case_and_space_make_no_difference(expected, answer, space):
    told = score(expected, answer).value
    assert score(expected, space + answer.upper() + space).value == told
    assert score(expected.lower() + space, answer).value == told


def test_case_makes_one_if_asked():
    assert score("Paris", "paris", ignore=["whitespace"]).value == 0.0


def test_punctuation_and_articles_can_be_ignored():
    ignore = ["case", "whitespace", "punctuation", "articles"]
    assert score("The Eiffel Tower", "“Eiffel tower”.", ignore=ignore).value == 1.0


def test_only_the_last_line_can_count():
    assert score("Paris", "I think of France.\nParis\n\n", last_line=True).value == 1.0


def test_only_what_follows_a_mark_can_count():
    assert score("Paris", "Answer: Rome. No! Answer: Paris", after="Answer:").value == 1.0
    assert score("Paris", "Paris", after="Answer:").value == 0.0


@pytest.mark.parametrize("expected", [None, "", [], "  ", {"a": 1}, [None], True, math.nan])
def test_without_an_expected_answer_it_does_not_know(expected):
    assert score(expected, "").abstention is Abstention.UNKNOWN


def test_what_normalises_to_nothing_is_no_expected_answer():
    told = score("...", "", ignore=["punctuation"])
    assert told.abstention is Abstention.UNKNOWN
