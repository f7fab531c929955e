"""The pairings that spend few calls: how many, and what they find out."""

import asyncio
import math
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Context
from rlaif_core.testing import judge_all, make_prompt, make_ranking, make_responses
from rlaif_pairs.knockout import Knockout
from rlaif_pairs.merge_sort import MergeSort
from rlaif_pairs.min_max import MinMax
from rlaif_pairs.swiss import Swiss, pair_neighbours

PROMPT = make_prompt()
TOURNAMENTS = [Swiss, Knockout, MinMax, MergeSort]


def make(component, seed=0, **params):
    pairing = component(component.Params(**params))
    asyncio.run(pairing.setup(Context(seed)))
    return pairing


def play(pairing, worths, judge=None, prompt=PROMPT):
    """The whole tournament of responses of these worths; also the batches it was played in."""
    given = make_responses(prompt, *(f"answer {index}" for index in range(len(worths))))
    worth = {response.id: value for response, value in zip(given, worths, strict=True)}
    judge = judge or (lambda a, b: 0.9 if worth[a.id] > worth[b.id] else 0.1)
    judged, batches = [], []
    while batch := pairing.propose(make_ranking(prompt, given, judged)):
        batches.append([(a.index, b.index) for a, b in batch])
        judged += judge_all(prompt, batch, judge)
    return make_ranking(prompt, given, judged), batches


def indices(pairs):
    return [(better.index, worse.index) for better, worse in pairs]


@pytest.mark.parametrize(
    ("component", "calls"),
    [
        (Swiss, {4: 4, 8: 12, 16: 32}),
        (Knockout, {4: 3, 8: 7, 16: 15}),
        (MinMax, {4: 4, 8: 10, 16: 22}),
    ],
)
def test_a_tournament_spends_its_calls_and_no_more(component, calls):
    for n, expected in calls.items():
        ranking, _ = play(make(component), range(n))
        assert len(ranking.judged) == expected


@pytest.mark.parametrize(("n", "calls"), [(4, 5), (5, 8), (6, 11)])
def test_a_merge_sort_spends_at_most_its_worst_case(n, calls):
    pairing = make(MergeSort)
    spent = [len(play(pairing, worths)[0].judged) for worths in permutations(range(n))]
    assert max(spent) == calls == n * (r := math.ceil(math.log2(n))) - 2**r + 1


@pytest.mark.parametrize(("n", "calls"), [(8, 17), (16, 49)])
def test_a_merge_of_interleaved_halves_is_the_worst_case(n, calls):
    def dealt(worths):
        """An order whose halves interleave, and whose halves' halves do, and so on."""
        return worths if len(worths) < 2 else dealt(worths[::2]) + dealt(worths[1::2])

    pairing = make(MergeSort)
    draw = [response.index for response in _drawn(pairing, n)]
    worths = [value for _, value in sorted(zip(draw, dealt(list(range(n))), strict=True))]
    assert len(play(pairing, worths)[0].judged) == calls


def _drawn(pairing, n):
    """The order of the draw."""
    from rlaif_pairs.results import drawn

    given = make_responses(PROMPT, *(f"answer {index}" for index in range(n)))
    return drawn(pairing, make_ranking(PROMPT, given))


@given(st.integers(2, 33), st.integers(0, 99), st.data())
def test_a_swiss_tournament_pairs_everybody_anew_each_round(n, seed, data):
    worths = data.draw(st.permutations(range(n)))
    _, batches = play(make(Swiss, seed), worths)
    assert len(batches) == math.ceil(math.log2(n))
    for batch in batches:
        assert len(batch) == n // 2
        assert len({index for pair in batch for index in pair}) == 2 * (n // 2)
    met = [frozenset(pair) for batch in batches for pair in batch]
    assert len(set(met)) == len(met)


@given(st.sampled_from([2, 4, 8, 16, 32]), st.integers(0, 99), st.data())
def test_swiss_finds_the_best_of_a_power_of_two(n, seed, data):
    worths = data.draw(st.permutations(range(n)))
    ranking, _ = play(make(Swiss, seed), worths)
    assert worths[ranking.ordered()[0].index] == n - 1


def test_swiss_lets_nobody_sit_out_twice():
    _, batches = play(make(Swiss), range(7))
    out = [set(range(7)) - {index for pair in batch for index in pair} for batch in batches]
    assert len(set.union(*out)) == len(batches) == 3


def test_swiss_plays_as_many_rounds_as_asked_for():
    ranking, batches = play(make(Swiss, rounds=2), range(8))
    assert (len(batches), len(ranking.judged)) == (2, 8)


def test_swiss_trains_on_the_widest_margins_that_were_judged():
    ranking, _ = play(make(Swiss, k=2), range(8))
    chosen = make(Swiss, k=2).select(ranking)
    leads = [ranking.strength[a.id] - ranking.strength[b.id] for a, b in chosen]
    met = [
        abs(ranking.strength[pair.a.id] - ranking.strength[pair.b.id]) for pair in ranking.judged
    ]
    assert leads == pytest.approx(sorted(met, reverse=True)[:2])


def test_swiss_confirmed_judges_the_best_against_the_worst_last():
    pairing = make(Swiss, confirm=True)
    ranking, batches = play(pairing, range(16))
    assert [len(batch) for batch in batches] == [8, 8, 8, 8, 1]
    before = make_ranking(PROMPT, ranking.responses, ranking.judged[:-1]).ordered()
    assert batches[-1] == [(before[0].index, before[-1].index)]


def test_neighbours_give_way_so_that_all_can_be_paired():
    met = {frozenset("ab"), frozenset("cd")}
    assert pair_neighbours("abcd", lambda x, y: {x, y} in met) == [("a", "c"), ("b", "d")]


def test_there_is_no_pairing_where_all_have_met():
    assert pair_neighbours("abcd", lambda x, y: "a" in (x, y)) is None


@given(st.integers(2, 33), st.integers(0, 99), st.data())
def test_knockout_finds_the_best(n, seed, data):
    worths = data.draw(st.permutations(range(n)))
    ranking, _ = play(make(Knockout, seed), worths)
    ((best, _),) = make(Knockout, seed).select(ranking)
    assert worths[best.index] == n - 1
    assert len(ranking.judged) == n - 1


def test_a_round_of_a_knockout_is_asked_at_once():
    _, batches = play(make(Knockout), range(16))
    assert [len(batch) for batch in batches] == [8, 4, 2, 1]


def test_in_a_knockout_nobody_sits_out_twice_in_a_row():
    _, batches = play(make(Knockout), range(5))
    assert [len(batch) for batch in batches] == [2, 1, 1]
    (sat_out,) = set(range(5)) - {index for pair in batches[0] for index in pair}
    assert sat_out in batches[1][0]


def test_knockout_trains_on_the_best_against_those_it_beat():
    ranking, _ = play(make(Knockout, k=9), range(8))
    chosen = make(Knockout, k=9).select(ranking)
    assert [better.index for better, _ in chosen] == [7, 7, 7]
    strengths = [ranking.strength[worse.id] for _, worse in chosen]
    assert strengths == sorted(strengths)


@given(st.integers(2, 33), st.integers(0, 99), st.data())
def test_min_max_finds_the_best_and_the_worst(n, seed, data):
    worths = data.draw(st.permutations(range(n)))
    ranking, _ = play(make(MinMax, seed, confirm=True), worths)
    met = {frozenset((worths[pair.a.index], worths[pair.b.index])) for pair in ranking.judged}
    assert {0, n - 1} in met
    plain, _ = play(make(MinMax, seed), worths)
    assert len(plain.judged) == math.ceil(1.5 * n) - 2
    assert len(ranking.judged) - len(plain.judged) in (0, 1)


def test_min_max_confirmed_trains_on_the_best_against_the_worst():
    ranking, _ = play(make(MinMax, confirm=True), range(4))
    assert indices(make(MinMax).select(ranking)) == [(3, 0)]


def test_who_comes_out_best_and_worst_at_once_does_not_meet_itself():
    def cycle(a, b):
        return 0.9 if (a.index - b.index) % 3 == 1 else 0.1

    ranking, _ = play(make(MinMax, confirm=True), range(3), cycle)
    assert len(ranking.judged) == 3


@given(st.integers(2, 33), st.integers(0, 99), st.data())
def test_merge_sort_finds_the_full_order(n, seed, data):
    worths = data.draw(st.permutations(range(n)))
    pairing = make(MergeSort, seed)
    chosen = pairing.select(play(pairing, worths)[0])
    assert [(worths[a.index], worths[b.index]) for a, b in chosen] == [
        (i, i - 1) for i in range(n - 1, 0, -1)
    ]


@pytest.mark.parametrize("component", TOURNAMENTS)
@given(n=st.integers(0, 17), seed=st.integers(0, 9), data=st.data())
def test_whatever_the_judge_says_a_tournament_ends(component, n, seed, data):
    said = st.sampled_from([None, 0.0, 0.3, 0.5, 0.8, 1.0])
    pairing = make(component, seed)
    ranking, _ = play(pairing, range(n), lambda a, b: data.draw(said))
    met = [frozenset((pair.a.id, pair.b.id)) for pair in ranking.judged]
    assert len(set(met)) == len(met) <= n * (n - 1) // 2
    for better, worse in pairing.select(ranking):
        judged = ranking.find(better, worse)
        p = judged.p_a if judged.a is better else 1 - judged.p_a
        assert p > 0.5


@pytest.mark.parametrize("component", TOURNAMENTS)
def test_a_tournament_is_the_same_under_its_seed_and_another_under_another(component):
    worths = [3, 1, 4, 15, 9, 2, 6, 5]
    _, first = play(make(component, 1), worths)
    _, again = play(make(component, 1), worths)
    _, other = play(make(component, 2), worths)
    assert first == again != other


@pytest.mark.parametrize("component", TOURNAMENTS)
def test_prompts_can_be_played_interleaved(component):
    """All state is in the verdicts: one pairing serves many prompts at once."""
    pairing, prompts = make(component), [make_prompt(prompt_id=f"prompt-{i}") for i in range(2)]
    worths = [3, 1, 4, 15, 9]
    alone = [play(make(component), worths, prompt=prompt)[1] for prompt in prompts]
    given = {
        prompt.id: make_responses(prompt, *(f"answer {i}" for i in range(5))) for prompt in prompts
    }
    judged = {prompt.id: [] for prompt in prompts}
    batches = {prompt.id: [] for prompt in prompts}
    for _ in range(20):
        for prompt in prompts:
            batch = pairing.propose(make_ranking(prompt, given[prompt.id], judged[prompt.id]))
            if batch:
                batches[prompt.id].append([(a.index, b.index) for a, b in batch])
                judged[prompt.id] += judge_all(
                    prompt, batch, lambda a, b: 0.9 if worths[a.index] > worths[b.index] else 0.1
                )
    assert list(batches.values()) == alone


@pytest.mark.parametrize("component", [Knockout, MinMax, MergeSort])
@given(n=st.integers(2, 9), data=st.data())
def test_verdicts_from_elsewhere_are_used_and_not_asked_again(component, n, data):
    given = make_responses(PROMPT, *(f"answer {index}" for index in range(n)))
    known = data.draw(st.sets(st.sampled_from(list(combinations(range(n), 2)))))
    judged = judge_all(
        PROMPT, [(given[j], given[i]) for i, j in known], lambda a, b: float(a.index > b.index)
    )
    pairing = make(component)
    for _ in range(99):
        for a, b in (batch := pairing.propose(make_ranking(PROMPT, given, judged))):
            assert (min(a.index, b.index), max(a.index, b.index)) not in known
        if not batch:
            break
        judged += judge_all(PROMPT, batch, lambda a, b: float(a.index > b.index))
    assert pairing.select(make_ranking(PROMPT, given, judged))
