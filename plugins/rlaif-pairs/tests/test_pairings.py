"""What each pairing proposes and selects."""

import asyncio
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Context
from rlaif_core.testing import judge_all, make_prompt, make_ranking, make_responses
from rlaif_pairs.pairings import Adjacent, All, BestVsWorst, Random

PROMPT = make_prompt()


def make(component, seed=0, **params):
    pairing = component(component.Params(**params))
    asyncio.run(pairing.setup(Context(seed)))
    return pairing


def responses(n):
    return make_responses(PROMPT, *(f"answer {index}" for index in range(n)))


def ranked(n, p_first=lambda a, b: 0.9 if a.index < b.index else 0.1, pairs=None):
    """n responses, all judged: the earlier one is better unless `p_first` says otherwise."""
    given = responses(n)
    judged = judge_all(PROMPT, pairs or combinations(given, 2), p_first)
    return make_ranking(PROMPT, given, judged)


def indices(pairs):
    return [(better.index, worse.index) for better, worse in pairs]


@pytest.mark.parametrize("component", [BestVsWorst, Adjacent, All])
@pytest.mark.parametrize(("n", "calls"), [(4, 6), (8, 28), (16, 120)])
def test_every_pair_is_proposed_once(component, n, calls):
    pairing = make(component)
    proposed = pairing.propose(make_ranking(PROMPT, responses(n)))
    assert len(proposed) == calls
    assert not pairing.propose(ranked(n))


@given(st.integers(2, 8), st.data())
def test_what_was_judged_already_is_not_proposed_again(n, data):
    done = data.draw(st.sets(st.sampled_from(list(combinations(range(n), 2)))))
    given = responses(n)
    judged = judge_all(PROMPT, [(given[j], given[i]) for i, j in done], lambda a, b: 0.5)
    proposed = make(All).propose(make_ranking(PROMPT, given, judged))
    assert set(indices(proposed)) == set(combinations(range(n), 2)) - done


def test_best_vs_worst_takes_the_ends_of_the_ranking():
    assert indices(make(BestVsWorst).select(ranked(5))) == [(0, 4)]


def test_best_vs_worst_goes_inwards_for_more_pairs():
    assert indices(make(BestVsWorst, k=9).select(ranked(5))) == [(0, 4), (1, 3)]


def test_best_vs_worst_ignores_responses_that_nobody_ranked():
    given = responses(4)
    some = [(given[1], given[2])]
    assert indices(make(BestVsWorst).select(ranked(4, pairs=some))) == [(1, 2)]


def test_adjacent_takes_neighbours_in_the_ranking():
    assert indices(make(Adjacent).select(ranked(4))) == [(0, 1), (1, 2), (2, 3)]


def test_adjacent_passes_over_equals():
    def first_two_tie(a, b):
        return 0.5 if {a.index, b.index} == {0, 1} else 0.9

    ((better, worse),) = make(Adjacent).select(ranked(3, first_two_tie))
    assert better.index in (0, 1)
    assert worse.index == 2


@pytest.mark.parametrize("component", [BestVsWorst, Adjacent])
def test_an_abstention_between_the_two_leaves_the_pair_out(component):
    def ends_undecided(a, b):
        return None if {a.index, b.index} == {0, 2} else 0.9

    assert (0, 2) not in indices(make(component).select(ranked(3, ends_undecided)))


def test_all_takes_the_direction_of_each_verdict():
    def cycle(a, b):
        return {(0, 1): 0.9, (1, 2): 0.9, (0, 2): 0.2}[a.index, b.index]

    assert indices(make(All).select(ranked(3, cycle))) == [(0, 1), (2, 0), (1, 2)]


def test_all_leaves_out_ties_and_abstentions():
    def unclear(a, b):
        return {(0, 1): 0.5, (0, 2): None, (1, 2): 0.51}[a.index, b.index]

    assert indices(make(All).select(ranked(3, unclear))) == [(1, 2)]


@given(st.integers(2, 8), st.integers(1, 40), st.integers(0, 99))
def test_random_draws_k_different_pairs_from_its_seed(n, k, seed):
    ranking = make_ranking(PROMPT, responses(n))
    drawn = make(Random, seed, k=k).propose(ranking)
    assert len(set(indices(drawn))) == min(k, n * (n - 1) // 2)
    assert drawn == make(Random, seed, k=k).propose(ranking)


def test_random_draws_differently_for_each_prompt():
    drawn = set()
    for number in range(30):
        prompt = make_prompt(prompt_id=f"prompt-{number}")
        given = make_responses(prompt, *"abcdef")
        drawn.update(indices(make(Random).propose(make_ranking(prompt, given))))
    assert len(drawn) > 5


def test_random_proposes_nothing_more_once_its_pairs_are_judged():
    given = responses(4)
    assert not make(Random).propose(ranked(4, pairs=[(given[0], given[1])]))


def test_random_selects_what_was_judged_better_first():
    given = responses(3)
    ranking = ranked(3, pairs=[(given[2], given[0]), (given[1], given[2])])
    assert indices(make(Random, k=2).select(ranking)) == [(0, 2), (1, 2)]
