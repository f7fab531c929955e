import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlaif_stats.agreement import cohen_kappa, confusion_matrix, krippendorff_alpha
from rlaif_stats.reliability import alpha_estimate, kappa_estimate

labels = st.lists(
    st.tuples(st.sampled_from([-1.0, 0.0, 1.0]), st.sampled_from([-1.0, 0.0, 1.0])),
    min_size=3,
    max_size=40,
)


def counts_of(ratings):
    table = np.asarray(ratings, dtype=float)
    return np.stack([(table == label).sum(axis=0) for label in (-1.0, 0.0, 1.0)], axis=1)


def test_kappa_of_the_golden_confusion():
    first = np.repeat([0.0, 0.0, 1.0, 1.0], [40, 10, 5, 45])
    second = np.repeat([0.0, 1.0, 0.0, 1.0], [40, 10, 5, 45])
    estimate = kappa_estimate(first, second)
    assert estimate.value == pytest.approx(0.70)
    assert estimate.n == 100
    # Fleiss, Cohen & Everitt (1969): standard error .0711 of this table.
    assert (estimate.high - estimate.low) / 2 == pytest.approx(1.98 * 0.0711, rel=0.05)


@settings(max_examples=40)
@given(labels)
def test_kappa_is_that_of_the_confusion_matrix(pairs):
    first, second = np.array(pairs).T
    expected = cohen_kappa(confusion_matrix(first, second))
    np.testing.assert_allclose(kappa_estimate(first, second).value, expected)


@settings(max_examples=40)
@given(labels)
def test_alpha_is_krippendorffs_whoever_gave_which_label(pairs):
    ratings = np.array(pairs).T
    estimate = alpha_estimate(counts_of(ratings))
    np.testing.assert_allclose(estimate.value, krippendorff_alpha(ratings))
    assert estimate.n == len(pairs)


def test_alpha_leaves_out_items_that_were_rated_once():
    counts = [[2, 0], [0, 2], [1, 0], [1, 1]]
    assert alpha_estimate(counts).n == 3


def test_the_interval_covers_and_grows_with_what_hangs_together():
    rng = np.random.default_rng(5)
    covered, plain, clustered = 0, [], []
    for _ in range(200):
        prompt = np.repeat(np.arange(60), 4)
        truth = rng.integers(0, 2, 60)[prompt]
        # A prompt is clear to both raters or to neither: its four items are one piece of evidence.
        clear = (rng.random(60) < 0.6)[prompt]
        first, second = (
            np.where(clear, truth, rng.integers(0, 2, prompt.size)).astype(float) for _ in range(2)
        )
        estimate = kappa_estimate(first, second, prompt)
        covered += estimate.low <= 0.6 <= estimate.high
        clustered.append(estimate.high - estimate.low)
        alone = kappa_estimate(first, second)
        plain.append(alone.high - alone.low)
    assert 0.9 <= covered / 200 <= 0.99
    assert np.mean(clustered) > 1.1 * np.mean(plain)


def test_what_nobody_rated_twice_is_refused():
    with pytest.raises(ValueError, match="no item"):
        alpha_estimate([[1, 0], [0, 1]])
    with pytest.raises(ValueError, match="no item"):
        kappa_estimate([1.0, np.nan], [np.nan, 0.0])


def test_one_cluster_says_nothing_about_spread():
    estimate = kappa_estimate([1.0, 0.0, 1.0], [1.0, 0.0, 0.0], clusters=["p", "p", "p"])
    assert np.isfinite(estimate.value)
    assert np.isnan(estimate.low)
