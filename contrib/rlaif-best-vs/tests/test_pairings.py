"""The rejected response, for strengths that are written down."""

from __future__ import annotations

from collections import Counter

import pytest
from rlaif_best_vs.pairings import BestVsDeviation, BestVsRandom

from rlaif_core.api import Context, Params, Ranking, Response
from rlaif_core.testing import judge_all, make_prompt, make_responses


def ranked(*strengths: float, prompt_id: str = "prompt-1") -> Ranking:
    """A ranking of responses whose texts are their strengths."""
    prompt = make_prompt(prompt_id=prompt_id)
    responses = make_responses(prompt, *map(str, strengths))
    by_id = {response.id: value for response, value in zip(responses, strengths, strict=True)}
    return Ranking(prompt, tuple(responses), (), by_id)


def by_deviation(ranking: Ranking, deviations: float = 2.0) -> list[tuple[str, str]]:
    pairing = BestVsDeviation(BestVsDeviation.Params(deviations=deviations))
    return [(better.text, worse.text) for better, worse in pairing.select(ranking)]


def at_random(ranking: Ranking, seed: int = 0) -> list[tuple[Response, Response]]:
    pairing = BestVsRandom(Params())
    pairing.context = Context(seed)
    return list(pairing.select(ranking))


def test_every_pair_is_judged_once():
    ranking = ranked(0.0, 0.0, 0.0, 0.0)
    proposed = BestVsRandom(Params()).propose(ranking)
    assert len(proposed) == 6
    judged = judge_all(ranking.prompt, proposed, lambda first, second: 0.5)
    seen = Ranking(ranking.prompt, ranking.responses, tuple(judged), ranking.strength)
    assert not BestVsRandom(Params()).propose(seen)


def test_two_deviations_below_the_mean_of_four_is_the_worst():
    assert by_deviation(ranked(1.0, 0.5, -0.5, -1.0)) == [("1.0", "-1.0")]


def test_an_outlier_far_below_is_passed_over():
    strengths = [1.0, *(0.5, 0.4, 0.3, 0.2, 0.1, 0.0) * 5, -1.5, -6.0]  # mu - 2 sigma is -2.3
    assert by_deviation(ranked(*strengths)) == [("1.0", "-1.5")]


def test_no_deviation_rejects_the_mean_one():
    assert by_deviation(ranked(3.0, 0.9, 0.1, -4.0), deviations=0) == [("3.0", "0.1")]


def test_of_two_equally_near_the_better_one_is_rejected():
    assert by_deviation(ranked(2.0, 0.5, -0.5, -2.0), deviations=0) == [("2.0", "0.5")]


def test_what_ties_with_the_best_is_never_rejected():
    ranking = ranked(1.0, 1.0, 1.0, -3.0)
    assert {at_random(ranking, seed)[0][1].text for seed in range(20)} == {"-3.0"}


@pytest.mark.parametrize("strengths", [(), (0.0,), (0.0, 0.0, 0.0)])
def test_where_nobody_is_best_there_is_no_pair(strengths):
    assert not at_random(ranked(*strengths))
    assert not by_deviation(ranked(*strengths))


def test_an_abstention_on_the_two_themselves_is_no_pair():
    ranking = ranked(1.0, -1.0)
    judged = judge_all(ranking.prompt, [ranking.responses], lambda first, second: None)
    unsure = Ranking(ranking.prompt, ranking.responses, tuple(judged), ranking.strength)
    assert not at_random(unsure)
    assert not by_deviation(unsure)


def test_the_draw_is_fair_and_the_best_is_always_chosen():
    pairs = [at_random(ranked(3.0, 2.0, 1.0, 0.0), seed)[0] for seed in range(600)]
    assert {better.text for better, _ in pairs} == {"3.0"}
    drawn = Counter(worse.text for _, worse in pairs)
    assert set(drawn) == {"2.0", "1.0", "0.0"}
    assert min(drawn.values()) > 150  # 200 each, give or take 12


def test_one_seed_draws_the_same_and_prompts_draw_on_their_own():
    rankings = [ranked(3.0, 2.0, 1.0, 0.0, prompt_id=f"prompt-{n}") for n in range(20)]
    drawn = [at_random(ranking)[0][1].text for ranking in rankings]
    assert drawn == [at_random(ranking)[0][1].text for ranking in rankings]
    assert len(set(drawn)) > 1
