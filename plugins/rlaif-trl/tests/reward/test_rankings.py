"""From pairs to rankings."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Message
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward.rankings import better_and_worse, chains

PROMPT = (Message("user", "count"),)


def pair(chosen, rejected, p=0.9, prompt="p"):
    return LabelledPair(prompt, PROMPT, chosen, rejected, p, 2 * p - 1, 1.0)


def ranked(pairs):
    """Each ranking as the responses' letters, best first."""
    found = []
    for chain in chains(pairs).chains:
        ends = [better_and_worse(pairs[i]) for i in chain.steps]
        assert all(worse == better for (_, worse), (better, _) in pairwise(ends))
        found.append("".join([*(better for better, _ in ends), ends[-1][1]]))
    return found


def test_neighbours_make_one_ranking():
    assert ranked([pair("b", "c"), pair("a", "b"), pair("c", "d")]) == ["abcd"]


def test_all_pairs_make_one_ranking():
    assert ranked([pair(*two) for two in combinations("abcd", 2)]) == ["abcd"]


def test_best_against_worst_is_a_ranking_of_two():
    assert ranked([pair("a", "d")]) == ["ad"]


def test_prompts_are_ranked_apart():
    assert ranked([pair("a", "b", prompt="p"), pair("b", "c", prompt="q")]) == ["ab", "bc"]


def test_what_is_ordered_only_in_part_stays_pairs():
    assert sorted(ranked([pair("a", "c"), pair("b", "c")])) == ["ac", "bc"]


def test_separate_chains_of_a_prompt_are_rankings_of_their_own():
    assert ranked([pair("a", "b"), pair("x", "y"), pair("b", "c")]) == ["abc", "xy"]


def test_the_least_sure_pair_of_a_cycle_is_left_out_and_counted():
    pairs = [pair("a", "b", 0.9), pair("b", "c", 0.8), pair("c", "a", 0.6)]
    assert ranked(pairs) == ["abc"]
    assert chains(pairs).inconsistent == [2]


def test_a_pair_against_itself_is_inconsistent():
    assert chains([pair("a", "a")]).inconsistent == [0]


def test_a_tie_orders_nothing_but_stays():
    pairs = [pair("a", "b"), pair("b", "c", 0.5)]
    assert ranked(pairs) == ["bc", "ab"]


def test_a_smoothed_label_turns_the_pair():
    assert ranked([pair("a", "b", 0.9), pair("c", "b", 0.3)]) == ["abc"]


@given(st.permutations("abcde"), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_changes_nothing(order, random):
    pairs = [pair(*two) for two in combinations(order, 2)]
    random.shuffle(pairs)
    assert ranked(pairs) == ["".join(order)]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"), st.floats(0.51, 1)),
        max_size=12,
    )
)
def test_every_ranking_goes_one_way_and_no_pair_is_lost_silently(edges):
    pairs = [pair(*edge) for edge in edges]
    found = chains(pairs)
    assert all(len(set(ranking)) == len(ranking) for ranking in ranked(pairs))
    named = {i for chain in found.chains for i in chain.steps} | set(found.inconsistent)
    implied = set(range(len(pairs))) - named
    together = {frozenset(ranking) for ranking in ranked(pairs)}
    assert all(
        any({pairs[i].chosen, pairs[i].rejected} <= ranking for ranking in together)
        for i in implied
    )
