import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from rlaif_stats.position import (
    PositionCounts,
    first_position_rate,
    position_consistency,
    position_counts,
)

outcomes = st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0, np.nan])
pairs = st.lists(st.tuples(outcomes, outcomes), min_size=1, max_size=30)


def judge(bias: float, size: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Both orders of a judge to whom the first position is worth `bias` in log-odds."""
    quality = np.random.default_rng(0).normal(size=size)
    return expit(quality + bias), expit(quality - bias)


@pytest.mark.parametrize(
    ("letters", "kind"),
    [
        ("AB", "consistent"),
        ("BA", "consistent"),
        ("CC", "consistent"),
        ("AA", "primacy"),
        ("AC", "primacy"),
        ("CA", "primacy"),
        ("BB", "recency"),
        ("BC", "recency"),
        ("CB", "recency"),
    ],
)
def test_the_nine_pairs_of_letters_are_sorted_as_published(letters, kind):
    # A letter names a position; in the second order the first position holds response B.
    ab = {"A": 1.0, "B": 0.0, "C": 0.5}[letters[0]]
    ba = {"A": 0.0, "B": 1.0, "C": 0.5}[letters[1]]
    assert getattr(position_counts([ab], [ba]), kind) == 1


def test_a_pair_without_a_verdict_in_an_order_is_never_consistent():
    counts = position_counts([np.nan, np.nan, 1.0], [np.nan, 1.0, 1.0])
    assert counts == PositionCounts(consistent=1, primacy=0, recency=0, abstained=2)
    assert position_consistency([np.nan, np.nan, 1.0], [np.nan, 1.0, 1.0]).value == 1 / 3


def test_a_judge_without_bias_is_consistent():
    ab, ba = judge(bias=0.0)
    assert position_consistency(ab, ba).value == 1.0
    assert first_position_rate(ab, ba).value == 0.5


def test_a_judge_that_always_takes_the_first_is_never_consistent():
    ab, ba = judge(bias=50.0)
    assert position_consistency(ab, ba).value == 0.0
    assert first_position_rate(ab, ba).value == 1.0


def test_abstentions_do_not_hide_primacy():
    ab, ba = np.full(100, np.nan), np.full(100, np.nan)
    ab[:10], ba[:10] = 1.0, 0.0
    assert position_counts(ab, ba) == PositionCounts(0, primacy=10, recency=0, abstained=90)
    assert first_position_rate(ab, ba).value == 1.0


@given(pairs)
def test_exchanging_the_responses_leaves_every_measure_alone(both):
    ab, ba = map(np.array, zip(*both, strict=True))
    # What was A is now B: the two orders trade places, and every outcome is mirrored.
    assert position_counts(1.0 - ba, 1.0 - ab) == position_counts(ab, ba)


@given(pairs)
def test_exchanging_the_positions_turns_primacy_into_recency(both):
    ab, ba = map(np.array, zip(*both, strict=True))
    counts, turned = position_counts(ab, ba), position_counts(ba, ab)
    assert (counts.primacy, counts.consistent) == (turned.recency, turned.consistent)
    assert counts.pairs == len(both)


def test_the_first_position_rate_takes_both_verdicts_on_a_pair_as_one():
    ab, ba = judge(bias=0.0, size=50)
    estimate = first_position_rate(ab, ba)
    # A judge that never changes its mind shows no variance between pairs.
    assert estimate.n == 100
    assert estimate.low < 0.5 < estimate.high


def test_the_first_position_rate_works_with_one_order():
    estimate = first_position_rate([1.0, 1.0, 0.0, np.nan], [np.nan] * 4)
    assert estimate.value == pytest.approx(2 / 3)
    assert estimate.n == 3


def test_consistency_of_a_million_verdicts_is_vectorised(bare_turns):
    ab, ba = np.random.default_rng(0).random((2, 500_000))

    def computed():
        position_consistency(ab, ba)
        first_position_rate(ab, ba)

    assert bare_turns(computed) < 50e6


@pytest.mark.parametrize(
    ("subset", "judge_name", "strategy", "percent"),
    [
        ("LLMBar/Natural", "GPT-4", "Vanilla", 95.00),
        ("LLMBar/Natural", "GPT-4", "CoT", 91.00),
        ("LLMBar/Natural", "ChatGPT", "Vanilla", 71.00),
        ("LLMBar/Natural", "ChatGPT", "CoT", 64.00),
        ("LLMBar/Adversarial/Manual", "GPT-4", "Vanilla", 82.61),
        ("LLMBar/Adversarial/Manual", "GPT-4", "CoT", 82.61),
        ("LLMBar/Adversarial/Manual", "ChatGPT", "Vanilla", 52.17),
        ("LLMBar/Adversarial/Manual", "ChatGPT", "CoT", 50.00),
    ],
)
def test_positional_agreement_on_llmbar(shared_data, subset, judge_name, strategy, percent):
    ab, ba = {}, {}
    for line in shared_data("llmbar/fixture_small.jsonl").read_text().splitlines():
        row = json.loads(line)
        if (row["subset"], row["judge"], row["strategy"]) == (subset, judge_name, strategy):
            order = ba if row["order"] else ab
            order[row["idx"]] = {"1": 1.0, "2": 0.0, None: np.nan}[row["winner"]]
    index = sorted(ab)
    consistency = position_consistency([ab[i] for i in index], [ba[i] for i in index])
    assert round(100 * consistency.value, 2) == percent


def test_orders_of_different_pairs_are_refused():
    with pytest.raises(ValueError, match="one outcome a pair"):
        position_counts([1.0], [1.0, 0.0])
