from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.runs import PairOutline, VoteOutline
from rlaif_report.sample import (
    ABSTAINED,
    BASE,
    DROPPED,
    EQUAL,
    HELDOUT,
    INCONSISTENT,
    KEPT,
    LAST,
    NEW,
    SHOWN_TOO,
    TIE,
    UNCHOSEN,
    UNDECIDED,
    WAITING,
    Sample,
    SeenPair,
    contest_outcomes,
    heldout_outcomes,
    policies,
    training_outcomes,
)

PAIR = ("p", frozenset("ab"))


def outline(p_a: float | None, *votes: tuple[str, float | None]) -> PairOutline:
    cast = tuple(VoteOutline(order, 0, p) for order, p in votes)
    return PairOutline("p", "a", "b", p_a, 1.0, cast)


@given(st.lists(st.sampled_from(["x", "y", "z"]), max_size=200), st.integers(3, 30))
def test_the_sample_is_bounded_and_has_every_outcome(kinds: list[str], limit: int) -> None:
    sample = Sample(limit)
    for kind in kinds:
        sample.add(SeenPair(0, "train", outline(0.9), (kind,)))

    drawn = list(sample.in_turn())

    assert len(drawn) == min(limit, len(kinds))
    assert {pair.outcomes[0] for pair in drawn} == set(kinds)
    assert sample.totals == Counter(kinds)
    assert sample.total == len(kinds)


def test_a_rare_outcome_is_shown_whole_beside_a_frequent_one() -> None:
    sample = Sample(10)
    for number in range(1000):
        sample.add(SeenPair(0, "train", outline(0.9), ("rare" if number % 300 == 7 else "often",)))
    assert Counter(pair.outcomes[0] for pair in sample.in_turn()) == {"rare": 4, "often": 6}


def test_a_candidate_is_kept_or_dropped_with_its_reason() -> None:
    one = outline(0.9, ("ab", 0.9))
    assert training_outcomes(one, {PAIR: ("kept", "")}) == (KEPT,)
    assert training_outcomes(one, {PAIR: ("length", "too long")}) == (
        DROPPED,
        "Dropped by length: too long",
    )


def test_a_pair_that_is_no_candidate_says_why() -> None:
    others = {("q", frozenset("ab")): ("kept", "")}
    assert training_outcomes(outline(0.9), others) == (UNCHOSEN,)
    assert training_outcomes(outline(0.5), others) == (TIE,)
    assert training_outcomes(outline(None, ("ab", None)), others) == (UNDECIDED, ABSTAINED)
    assert training_outcomes(outline(0.9), {}) == (WAITING,)


def test_orders_disagree_if_the_first_response_wins_in_both() -> None:
    assert INCONSISTENT in training_outcomes(outline(0.5, ("ab", 0.9), ("ba", 0.9)), {})
    assert INCONSISTENT not in training_outcomes(outline(0.9, ("ab", 0.9), ("ba", 0.1)), {})
    assert INCONSISTENT not in training_outcomes(outline(0.9, ("ab", 0.9), ("ba", None)), {})


def test_a_heldout_pair_says_which_policy_was_better() -> None:
    authors = {"a": NEW, "b": BASE}
    assert heldout_outcomes(outline(0.8), authors) == (f"{HELDOUT}: new policy better",)
    assert heldout_outcomes(outline(0.2), authors) == (f"{HELDOUT}: base policy better",)
    assert heldout_outcomes(outline(0.5), authors) == (f"{HELDOUT}: tie",)
    assert heldout_outcomes(outline(None), authors) == (f"{HELDOUT}: undecided",)


def test_a_pair_of_two_rounds_policies_names_both() -> None:
    authors = {"a": NEW, "b": LAST}
    (said,) = heldout_outcomes(outline(0.2), authors)
    assert said == f"{HELDOUT}: last round's policy better than new policy"


def test_a_training_pair_that_the_evaluation_judge_saw_is_no_held_out_pair() -> None:
    assert heldout_outcomes(outline(0.8), {}) == (SHOWN_TOO,)


def test_a_round_compares_its_policy_with_the_last_and_the_base() -> None:
    assert policies(0) == [(BASE, 0, "before"), (NEW, 0, "after")]
    assert policies(2) == [(BASE, 0, "before"), (LAST, 1, "after"), (NEW, 2, "after")]


def test_of_compared_policies_the_better_one_is_named() -> None:
    names = {"a": "base", "b": "runs/x/policy"}
    won = contest_outcomes(outline(0.2, ("ab", 0.1), ("ba", 0.4)), names)
    assert won == ("runs/x/policy better than base", INCONSISTENT)
    assert contest_outcomes(outline(0.5, ("ab", 0.5)), names) == (EQUAL,)
    assert contest_outcomes(outline(None, ("ab", None)), names) == (UNDECIDED, ABSTAINED)
