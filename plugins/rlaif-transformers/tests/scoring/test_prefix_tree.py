from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_transformers.scoring.prefix_tree import PrefixTree

SEQUENCES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12), min_size=1, max_size=12)


@given(SEQUENCES, st.integers(1, 6))
def test_a_path_spells_its_sequence(sequences, least):
    tree = PrefixTree(sequences, least)

    for place, sequence in enumerate(sequences):
        nodes = [tree.nodes[index] for index in tree.path(place)][::-1]
        assert [token for node in nodes for token in node.tokens[node.start :]] == sequence
        assert nodes[-1].tokens == sequence


@given(SEQUENCES)
def test_no_token_is_read_twice_where_every_saving_is_worth_a_pass(sequences):
    tree = PrefixTree(sequences, least=1)

    beginnings = {
        tuple(sequence[:end]) for sequence in sequences for end in range(1, len(sequence) + 1)
    }
    assert sum(node.own for node in tree.nodes) == len(beginnings)


@given(SEQUENCES, st.integers(1, 6))
def test_a_branching_saves_what_it_must(sequences, least):
    tree = PrefixTree(sequences, least)

    for node in tree.nodes:
        ends = sum(tree.nodes[home] is node for home in set(tree.home))
        assert not node.below or (len(node.below) + ends - 1) * node.own >= least


@given(SEQUENCES)
def test_without_sharing_each_distinct_sequence_is_read_whole(sequences):
    tree = PrefixTree(sequences, least=inf)

    assert sorted(node.tokens for node in tree.nodes) == sorted(
        list(distinct) for distinct in set(map(tuple, sequences))
    )
    assert all(node.start == 0 for node in tree.nodes)


@given(SEQUENCES, st.randoms())
def test_the_order_of_the_sequences_does_not_matter(sequences, rng):
    shuffled = rng.sample(sequences, len(sequences))

    def stretches(several):
        return sorted((node.start, node.tokens) for node in PrefixTree(several, 2).nodes)

    assert stretches(shuffled) == stretches(sequences)


def test_sequences_each_of_which_begins_the_next_one_need_no_deep_recursion():
    tree = PrefixTree([[0] * length for length in range(1, 3000)])

    assert len(tree.nodes) == pytest.approx(2999, abs=200)
