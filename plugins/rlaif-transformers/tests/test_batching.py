from hypothesis import given
from hypothesis import strategies as st

from rlaif_transformers.batching import batches


def padded(rows):
    return len(rows) * max(rows)


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 200))
def test_every_item_is_in_one_batch_and_batches_fit_unless_one_item_alone_does_not(items, budget):
    made = batches(items, length=lambda item: item, share=lambda item: item / budget)

    assert [item for batch in made for item in batch] == sorted(items, reverse=True)
    assert all(padded(batch) <= budget * (1 + 1e-9) or len(batch) == 1 for batch in made)


def test_items_of_one_length_keep_their_order():
    items = ["ab", "x", "cd", "y"]

    assert batches(items, len, lambda item: 0.5) == [["ab", "cd"], ["x", "y"]]
