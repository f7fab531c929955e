import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rlaif_core.api import Abstention
from rlaif_core.testing import make_prompt, make_responses
from rlaif_verifiers.checks import Check
from rlaif_verifiers.constraints import Constraints

CHECK = TypeAdapter(Check)


def holds(text, /, **check):
    return CHECK.validate_python(check).holds(text)


def score(checks, answer, **params):
    judge = Constraints(Constraints.Params(**params))
    prompt = make_prompt(**({} if checks is None else {"constraints": checks}))
    return asyncio.run(judge.score(prompt, make_responses(prompt, answer)[0]))


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        ({"check": "words", "exactly": 3}, "It's well-known here.", "One two."),
        ({"check": "words", "at_most": 2}, "Two words", "Now three words"),
        ({"check": "sentences", "at_least": 2}, "One. Two!", "Just 3.5 of one."),
        ({"check": "sentences", "exactly": 2}, 'He said "no." Then yes.', "None"),
        ({"check": "sentences", "exactly": 2}, "これは。それは。", "これは。"),
        ({"check": "paragraphs", "exactly": 2}, "One.\n\nTwo.\n\n", "One.\nTwo."),
        ({"check": "paragraphs", "exactly": 2, "separator": "***"}, "A\n***\nB", "A\n\nB"),
        ({"check": "characters", "at_most": 5}, " five. ", "longer"),
        ({"check": "includes", "words": ["tea", "green cup"]}, "Tea: a green\ncup", "Teas, cup"),
        ({"check": "excludes", "words": ["sorry"]}, "No sorrys here", "I'm Sorry."),
        ({"check": "frequency", "word": "tea", "exactly": 2}, "Tea, tea, teas", "tea"),
        ({"check": "frequency", "word": "e", "at_least": 3}, "Eleven", "Two e's"),
        ({"check": "no_commas"}, "None of it.", "Some, of it."),
        ({"check": "one_of", "options": ["Yes.", "No."]}, " yes", "Yes, perhaps"),
        ({"check": "json"}, '```json\n{"a": [1]}\n```', "{a: 1}"),
        ({"check": "json"}, '{"a": null}', 'Here: {"a": 1}'),
        ({"check": "json"}, "[1.5, -2]", "[NaN]"),
        ({"check": "bullets", "exactly": 2}, "* a\n- b", "* a\n\nb"),
        ({"check": "bullets", "exactly": 0}, "**bold** words - and more", "- one"),
        ({"check": "title"}, "<<On tea>>\nText", "<< >>\nText"),
        ({"check": "highlights", "at_least": 2}, "*one* and **two words**", "2 * 3 * 4 *one*"),
        ({"check": "sections", "exactly": 2}, "SECTION 1\na\n## Section 2\nb", "Section one"),
        ({"check": "sections", "word": "Day", "at_least": 1}, "Day 1: go", "Section 1"),
        ({"check": "placeholders", "at_least": 2}, "[name], [street]", "[] and [name]"),
        ({"check": "uppercase"}, "ALL OF IT, 3 TIMES.", "Not ALL"),
        ({"check": "uppercase"}, "A", "123"),
        ({"check": "lowercase"}, "all of it.", "Not all"),
        ({"check": "capital_words", "at_most": 1}, "We like NASA a lot", "NASA and ESA"),
        ({"check": "starts_with", "text": "dear Sir"}, " Dear  sir, hello", "Hello dear Sir"),
        ({"check": "ends_with", "text": "Is that all?"}, "Yes. is that all?\n", "Is that all? No"),
        ({"check": "quoted"}, '"All of it."', '"Part" of it.'),
        (
            {"check": "language", "language": "de"},
            "Das ist ein ganz gewöhnlicher Satz.",
            "This is quite an ordinary sentence.",
        ),
        (
            {"check": "language", "language": "zh"},
            "这是一个很普通的句子。",
            "Ein ganz gewöhnlicher Satz",
        ),
    ],
)
def test_a_check_tells_right_from_wrong(check, right, wrong):
    assert holds(right, **check)
    assert not holds(wrong, **check)


IFEVAL = "en es pt ar hi fr ru de ja it bn uk th ur ta te bg ko pl he fa vi ne sw kn mr gu pa ml fi"


@pytest.mark.parametrize("language", IFEVAL.split())
def test_every_language_that_ifeval_asks_for_is_known(language):
    english = "The kettle is on the stove, and nobody has had any breakfast yet."
    assert holds(english, check="language", language=language) == (language == "en")


@pytest.mark.parametrize("text", ["42", "1 + 1 = 2", "…!"])
def test_a_text_without_letters_is_in_no_language(text):
    assert not any(holds(text, check="language", language=code) for code in IFEVAL.split())


every_check = st.sampled_from(
    [
        {"check": "words", "at_least": 1},
        {"check": "sentences", "at_least": 1},
        {"check": "paragraphs", "at_least": 1},
        {"check": "includes", "words": ["a b"]},
        {"check": "excludes", "words": ["a"]},
        {"check": "frequency", "word": "ab", "at_least": 1},
        {"check": "no_commas"},
        {"check": "one_of", "options": ["a"]},
        {"check": "json"},
        {"check": "bullets", "at_least": 1},
        {"check": "title"},
        {"check": "highlights", "at_least": 1},
        {"check": "sections", "at_least": 1},
        {"check": "placeholders", "at_least": 1},
        {"check": "uppercase"},
        {"check": "lowercase"},
        {"check": "capital_words", "at_least": 1},
        {"check": "starts_with", "text": "a"},
        {"check": "ends_with", "text": "a"},
        {"check": "quoted"},
        {"check": "language", "language": "en"},
    ]
)


@given(every_check, st.text())
def test_any_text_satisfies_a_check_or_not(check, text):
    assert holds(text, **check) in (True, False)


@given(every_check, st.text("aB ,.*-[]<>\"'", max_size=20), st.text(" \n", max_size=3))
def test_space_around_makes_no_difference(check, text, space):
    assert holds(space + text + space, **check) == holds(text, **check)


@pytest.mark.parametrize(
    "part", ["*", "* ", "**a", "[", "<<", "<<a", "a-", "a", " ", "- ", '."', ".)", "```\n", "\n \t"]
)
def test_checks_take_time_in_proportion_to_the_text(part):
    """A response may be written to make a pattern backtrack."""
    counted = ["bullets", "highlights", "paragraphs", "placeholders", "sections", "sentences"]
    checks = [{"check": name, "at_least": 1} for name in counted]
    checks += [{"check": "title"}, {"check": "json"}, {"check": "words", "at_least": 1}]
    began = time.process_time()
    for text in (part * 20_000, "<<" + part * 20_000, "**" + part * 20_000, "." + part * 20_000):
        for check in checks:
            holds(text, **check)
    assert time.process_time() - began < 5


CHECKS = [{"check": "no_commas"}, {"check": "words", "at_most": 3}]


def test_the_score_is_the_share_of_checks_that_hold():
    assert score(CHECKS, "Three short words").value == 1.0
    told = score(CHECKS, "Now four short words")
    assert told.value == 0.5
    assert told.explanation == "does not hold: words"


def test_the_score_can_be_all_or_nothing():
    assert score(CHECKS, "Now four short words", score="all").value == 0.0
    assert score(CHECKS, "Three short words", score="all").value == 1.0


@pytest.mark.parametrize("text", ["", " \n", ":", "...", "Thought process:"])
def test_to_say_nothing_is_not_to_obey(text):
    assert score(CHECKS, text).value == 0.0


@pytest.mark.parametrize(
    ("checks", "why"),
    [
        (None, "no 'constraints'"),
        ([], "no 'constraints'"),
        ("words", "constraints"),
        ([{"check": "wods"}], "constraints[0]"),
        ([{"check": "no_commas"}, {"check": "words"}], "constraints[1]"),
        ([{"check": "words", "at_lest": 3}], "constraints[0]"),
        ([{"check": "words", "at_least": 3, "at_most": 2}], "no count lies within"),
        ([{"check": "words", "exactly": 3, "at_most": 2}], "no count lies within"),
        ([{"check": "language", "language": "xx"}], "'xx' is none of af ar"),
    ],
)
def test_without_usable_checks_it_does_not_know(checks, why):
    told = score(checks, "Some text")
    assert told.abstention is Abstention.UNKNOWN
    assert why in told.detail
