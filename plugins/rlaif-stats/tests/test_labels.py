import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit, logit

from rlaif_stats.labels import agreement_share, combine, direct_score, pool

probabilities = st.floats(0.0, 1.0) | st.just(np.nan)
pair_votes = arrays(np.float64, st.tuples(st.just(2), st.integers(1, 5)), elements=probabilities)
hows = st.sampled_from(["logit", "probability"])

# True log-odds 1, worth of the first position 2 (golden values).
BOTH_ORDERS = [0.9525741268, 0.2689414214]


def test_averaging_logits_removes_an_additive_bias_and_averaging_probabilities_does_not():
    assert pool(BOTH_ORDERS) == pytest.approx(0.7310585786)
    assert pool(BOTH_ORDERS, "probability") == pytest.approx(0.6107577641)


@given(d=st.floats(-2.0, 2.0), bias=st.floats(-2.0, 2.0))
def test_pooled_logits_recover_any_preference_within_the_clip(d, bias):
    assert pool([expit(d + bias), expit(d - bias)]) == pytest.approx(expit(d))


def test_one_certain_verdict_counts_no_more_than_the_clip_allows():
    assert pool([1.0, 0.3]) == pytest.approx(expit((logit(0.99) + logit(0.3)) / 2))
    assert pool([1.0, 0.3], clip=0.2) == pytest.approx(expit((logit(0.8) + logit(0.3)) / 2))


def test_weights_decide_how_much_each_judge_counts():
    assert pool([0.9, 0.2, np.nan], weights=[1.0, 0.0, 5.0]) == pytest.approx(0.9)
    assert pool([0.9, 0.3], "probability", weights=[3.0, 1.0]) == pytest.approx(0.75)


def test_votes_are_averaged_as_probabilities_and_orders_as_logits():
    votes = [[1.0, 0.6], [0.4, np.nan]]
    assert combine(votes) == pytest.approx(expit((logit(0.8) + logit(0.4)) / 2))
    assert combine(votes, "probability") == pytest.approx(0.6)


def test_an_order_without_a_verdict_leaves_the_other():
    assert combine([[np.nan, np.nan], [0.7, 0.9]]) == pytest.approx(0.8)


def test_a_pair_that_every_vote_abstained_on_has_no_label():
    assert np.isnan(combine([[np.nan], [np.nan]]))


def test_combine_works_on_whole_batches():
    batch = np.random.default_rng(0).random((7, 2, 3))
    np.testing.assert_array_equal(combine(batch), [combine(pair) for pair in batch])


@given(pair_votes, hows)
def test_exchanging_the_responses_mirrors_the_label(votes, how):
    label = combine(votes, how)
    np.testing.assert_allclose(combine(1.0 - votes, how), 1.0 - label, atol=1e-12)


@given(pair_votes, hows, st.integers(0, 100))
def test_the_label_does_not_depend_on_the_order_of_votes_or_orders(votes, how, seed):
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(votes, axis=1)[rng.permutation(2)]
    np.testing.assert_allclose(combine(shuffled, how), combine(votes, how), atol=1e-12)


@given(st.floats(0.01, 0.99), hows)
def test_combining_equal_verdicts_gives_that_verdict(p, how):
    assert combine(np.full((2, 3), p), how) == pytest.approx(p)


@given(pair_votes, hows, st.floats(0.0, 1.0))
def test_a_verdict_further_towards_a_never_lowers_the_label(votes, how, towards):
    raised = votes.copy()
    raised[0, 0] += towards * (1.0 - raised[0, 0])
    before, after = combine(votes, how), combine(raised, how)
    assert np.isnan(before) or after >= before - 1e-12


@pytest.mark.parametrize("arguments", [{"clip": 0.5}, {"clip": 0.0}, {"how": "median"}])
def test_pool_refuses_what_it_cannot_do(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        pool([0.5], **arguments)


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="negative"):
        pool([0.5, 0.6], weights=[1.0, -1.0])


@pytest.mark.parametrize(
    ("verdicts", "share"),
    [
        ([1.0, 1.0, 1.0, 1.0, 0.0], 0.8),
        ([1.0, 1.0, 1.0, 1.0, np.nan], 0.8),
        ([1.0, 1.0, 1.0, 1.0, 0.5], 0.8),
        ([0.5, 0.5, 0.5], 0.0),
        ([np.nan, np.nan], 0.0),
        ([0.6, 0.4], 0.5),
    ],
)
def test_agreement_is_the_majoritys_share_of_all_that_was_asked(verdicts, share):
    assert agreement_share(verdicts) == share


def test_votes_that_were_not_asked_for_do_not_count_against_agreement():
    verdicts = [[1.0, 1.0, np.nan], [1.0, np.nan, np.nan], [np.nan, np.nan, np.nan]]
    np.testing.assert_array_equal(agreement_share(verdicts, asked=[2, 3, 0]), [1.0, 1 / 3, np.nan])


def test_more_verdicts_than_asked_for_are_refused():
    with pytest.raises(ValueError, match="asked"):
        agreement_share([1.0, 1.0], asked=1)


def test_direct_score_of_golden_distributions():
    assert direct_score(np.full(10, 0.1)) == pytest.approx(0.0)
    eight_or_ten = np.zeros(10)
    eight_or_ten[[7, 9]] = 0.25  # half of the mass went to strings that are no score
    assert direct_score(eight_or_ten) == pytest.approx(0.7777777778)


def test_direct_score_spans_minus_one_to_one_and_needs_mass():
    scores = direct_score(np.vstack([np.eye(10)[[0, 9]], np.zeros(10)]))
    np.testing.assert_array_equal(scores, [-1.0, 1.0, np.nan])


def test_direct_score_refuses_another_scale():
    with pytest.raises(ValueError, match="ten"):
        direct_score([0.5, 0.5])
