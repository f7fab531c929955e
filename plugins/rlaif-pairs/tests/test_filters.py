"""What each filter keeps, and the reason it gives for what it drops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import JudgeFacts
from rlaif_core.testing import make_preference, make_prompt
from rlaif_pairs.certainty import Agreement, Confidence
from rlaif_pairs.texts import Duplicates, Length


def make(component, **params):
    return component(component.Params(**params))


def reasons(subject, *preferences):
    """The reason for each preference in turn; None where it is kept."""
    _, dropped = subject.apply(preferences)
    by_place = {id(drop.preference): drop.reason for drop in dropped}
    return [by_place.get(id(preference)) for preference in preferences]


@pytest.mark.parametrize(
    ("agreement", "reason"), [(1.0, None), (0.8, None), (0.75, "agreement below 0.8")]
)
def test_agreement_drops_below_its_least(agreement, reason):
    assert reasons(make(Agreement), make_preference(agreement=agreement)) == [reason]


@given(st.integers(1, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_is_not_below_itself_as_a_recipe_writes_it(share):
    agreement = share[0] / share[1]
    subject = make(Agreement, min=round(agreement, 10))
    assert reasons(subject, make_preference(agreement=agreement)) == [None]


@pytest.mark.parametrize(
    ("facts", "fix"),
    [
        (JudgeFacts("strict", "pairwise", 1), "set `orders: both` or `votes: 3`"),
        (JudgeFacts("strict", "pointwise", 6), "use the filter 'confidence'"),
    ],
)
def test_agreement_objects_to_judges_that_always_agree(facts, fix):
    objection = make(Agreement).objection(facts)
    assert "judge 'strict'" in objection
    assert objection.endswith(fix)


def test_agreement_works_with_two_verdicts():
    assert make(Agreement).objection(JudgeFacts("strict", "pairwise", 2)) is None


@pytest.mark.parametrize(
    ("p_chosen", "reason"), [(0.9, None), (0.6, None), (0.59, "confidence below 0.6")]
)
def test_confidence_drops_what_is_close_to_a_coin_flip(p_chosen, reason):
    assert reasons(make(Confidence), make_preference(p_chosen=p_chosen)) == [reason]


def test_the_second_of_two_equal_pairs_is_a_duplicate():
    assert reasons(make(Duplicates), make_preference(), make_preference()) == [
        None,
        "duplicate pair",
    ]


def test_a_pair_turned_round_is_a_duplicate():
    pair, turned = make_preference("a", "b"), make_preference("b", "a")
    assert reasons(make(Duplicates), pair, turned) == [None, "duplicate pair"]


def test_case_and_white_space_make_no_new_pair():
    pair, shouted = make_preference("It is 4.", "No."), make_preference("IT  IS 4. ", "no.")
    assert reasons(make(Duplicates), pair, shouted) == [None, "duplicate pair"]


def test_the_same_responses_to_another_prompt_are_no_duplicate():
    other = make_preference(prompt=make_prompt("What is 1 + 3?", prompt_id="prompt-2"))
    assert reasons(make(Duplicates), make_preference(), other) == [None, None]


def test_the_same_prompt_under_another_id_is_a_duplicate():
    other = make_preference(prompt=make_prompt(prompt_id="prompt-2"))
    assert reasons(make(Duplicates), make_preference(), other) == [None, "duplicate pair"]


def test_responses_of_one_text_teach_nothing():
    assert reasons(make(Duplicates), make_preference("4", "4\n")) == ["identical responses"]


def test_responses_that_differ_in_form_alone_can_teach_form():
    pairs = [make_preference("YES", "yes"), make_preference("if x:\n  y", "if x:\ny")]
    assert reasons(make(Duplicates), *pairs) == [None, None]


@given(st.lists(st.tuples(st.sampled_from("aAbc "), st.sampled_from("aAbc "))))
def test_dropping_duplicates_twice_drops_no_more(texts):
    subject = make(Duplicates)
    kept, _ = subject.apply([make_preference(*pair) for pair in texts])
    assert subject.apply(kept) == (kept, [])


@pytest.mark.parametrize(
    ("chosen", "rejected", "reason"),
    [
        (20, 10, None),
        (21, 10, "chosen more than 2 times as long as rejected"),
        (10, 30, None),
        (4, 10, "response shorter than 5 characters"),
        (10, 4, "response shorter than 5 characters"),
        (41, 40, "response longer than 40 characters"),
        (40, 41, "response longer than 40 characters"),
    ],
)
def test_length_drops_by_ratio_and_by_characters(chosen, rejected, reason):
    subject = make(Length, max_ratio=2, min_characters=5, max_characters=40)
    assert reasons(subject, make_preference("x" * chosen, "y" * rejected)) == [reason]


def test_without_limits_length_drops_nothing():
    subject = make(Length, max_ratio=None, min_characters=0)
    assert reasons(subject, make_preference("x" * 10_000, "")) == [None]


@pytest.mark.parametrize(
    ("chosen", "reason"), [(98, None), (97, "chosen less than 0.98 times as long as rejected")]
)
def test_length_can_drop_what_was_chosen_for_being_short(chosen, reason):
    """RLAIF-V's filter at t = 0.02: dropped if (rejected - chosen) / rejected > t."""
    subject = make(Length, min_ratio=0.98)
    assert reasons(subject, make_preference("x" * chosen, "y" * 100)) == [reason]


def test_length_can_limit_the_chosen_response_alone():
    subject = make(Length, max_ratio=None, max_chosen_characters=1100)
    long = "x" * 1101
    assert reasons(subject, make_preference(long, "y"), make_preference("y", long)) == [
        "chosen longer than 1100 characters",
        None,
    ]
