import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_stats.agreement import (
    cohen_kappa,
    confusion_matrix,
    krippendorff_alpha,
)

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", section C: four observers,
# twelve units, published alpha .743 nominal and .849 interval.
_ = np.nan
KRIPPENDORFF_EXAMPLE = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]

label_pairs = st.lists(
    st.tuples(st.sampled_from("abt"), st.sampled_from("abt")), min_size=1, max_size=50
)


def test_kappa_of_the_golden_confusion():
    assert cohen_kappa([[40, 10], [5, 45]]) == pytest.approx(0.70)


def test_confusion_matrix_orders_labels_and_puts_the_first_rater_in_rows():
    confusion = confusion_matrix(["a", "a", "tie", "b"], ["b", "a", "tie", "b"])
    np.testing.assert_array_equal(confusion, [[1, 1, 0], [0, 1, 0], [0, 0, 1]])


def test_numbers_strings_and_objects_are_counted_alike():
    a, b = [0, 1, 2, 2, 1], [0, 1, 1, 2, 2]
    names = np.array(["a", "b", "c"])
    expected = confusion_matrix(a, b)
    np.testing.assert_array_equal(confusion_matrix(names[a], names[b]), expected)
    objects = names.astype(object)
    np.testing.assert_array_equal(confusion_matrix(objects[a], objects[b]), expected)


@pytest.mark.parametrize("labels", [[1.0, np.nan], ["a", None]])
def test_a_missing_label_is_refused_since_abstentions_never_agree(labels):
    with pytest.raises(ValueError, match="leave out"):
        confusion_matrix(labels, labels)


def test_kappa_is_undefined_where_only_one_label_was_ever_given():
    assert np.isnan(cohen_kappa([[30]]))


@given(label_pairs)
def test_kappa_does_not_depend_on_which_rater_comes_first(pairs):
    first, second = zip(*pairs, strict=True)
    forth = cohen_kappa(confusion_matrix(first, second))
    assert forth == pytest.approx(cohen_kappa(confusion_matrix(second, first)), nan_ok=True)


@given(label_pairs)
def test_raters_who_agree_throughout_have_kappa_one(pairs):
    labels = [first for first, _ in pairs]
    expected = 1.0 if len(set(labels)) > 1 else np.nan
    assert cohen_kappa(confusion_matrix(labels, labels)) == pytest.approx(expected, nan_ok=True)


def test_alpha_of_krippendorffs_own_example():
    assert krippendorff_alpha(KRIPPENDORFF_EXAMPLE) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(KRIPPENDORFF_EXAMPLE, "interval") == pytest.approx(0.849, abs=5e-4)


def test_an_item_that_one_rater_alone_rated_changes_nothing():
    more = np.column_stack([KRIPPENDORFF_EXAMPLE, [_, 4.0, _, _]])
    assert krippendorff_alpha(more) == krippendorff_alpha(KRIPPENDORFF_EXAMPLE)


@pytest.mark.parametrize("metric", ["nominal", "interval"])
@given(seed=st.integers(0, 1000))
def test_alpha_does_not_depend_on_the_order_of_raters_or_items(metric, seed):
    rng = np.random.default_rng(seed)
    table = np.array(KRIPPENDORFF_EXAMPLE)
    shuffled = table[rng.permutation(4)][:, rng.permutation(12)]
    assert krippendorff_alpha(shuffled, metric) == pytest.approx(krippendorff_alpha(table, metric))


def test_alpha_is_undefined_without_disagreement_to_expect():
    assert np.isnan(krippendorff_alpha([[1.0, 1.0], [1.0, 1.0]]))
    assert np.isnan(krippendorff_alpha([[1.0, _], [_, 2.0]]))


def test_kappa_of_a_million_verdicts_is_vectorised(bare_turns):
    rng = np.random.default_rng(0)
    names = np.array(["a", "b", "tie"])
    first, second = names[rng.integers(3, size=1_000_000)], names[rng.integers(3, size=1_000_000)]
    assert bare_turns(lambda: cohen_kappa(confusion_matrix(first, second))) < 50e6
    assert cohen_kappa(confusion_matrix(first, second)) == pytest.approx(0.0, abs=0.01)


def test_human_kappa_on_pandalm_is_the_published_one(shared_data):
    rows = json.loads(shared_data("pandalm/testset-v1.json").read_text())
    humans = [[row[f"annotator{number}"] for row in rows] for number in (1, 2, 3)]
    kappas = [
        cohen_kappa(confusion_matrix(humans[i], humans[j])) for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    assert sorted(kappas) == pytest.approx(sorted([0.8520, 0.8789, 0.8617]), abs=5e-5)


@pytest.mark.parametrize("confusion", [[[1, 2, 3]], [[0, 0], [0, 0]], [1, 2]])
def test_what_is_no_confusion_matrix_is_refused(confusion):
    with pytest.raises(ValueError, match="square"):
        cohen_kappa(confusion)


def test_raters_of_different_items_are_refused():
    with pytest.raises(ValueError, match="one length"):
        confusion_matrix(["a"], ["a", "b"])


@pytest.mark.parametrize(("ratings", "metric"), [([1, 2], "nominal"), ([[1], [2]], "ordinal")])
def test_alpha_refuses_another_shape_or_metric(ratings, metric):
    with pytest.raises(ValueError, match=r"shape|metric"):
        krippendorff_alpha(ratings, metric)
