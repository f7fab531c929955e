from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rlaif_stats.labels import agreement_share
from rlaif_stats.voting import fewest_votes, settled, votes_needed

OUTCOMES = st.sampled_from([1.0, 0.0, 0.5, float("nan")])
SHARES = st.sampled_from([0.5, 0.6, 2 / 3, 0.75, 0.8, 0.9, 1.0])


def majority(votes: list[float]) -> int:
    return max(sum(vote > 0.5 for vote in votes), sum(vote < 0.5 for vote in votes))


@given(st.lists(OUTCOMES, min_size=1, max_size=12), SHARES)
def test_stopping_early_keeps_and_drops_exactly_what_all_votes_would(
    votes: list[float], keep_at: float
) -> None:
    total = len(votes)
    asked = fewest_votes(total, keep_at)
    while not settled(majority(votes[:asked]), asked, total, keep_at):
        asked += 1
    early = float(agreement_share(votes[:asked])) >= keep_at - 1e-9
    full = float(agreement_share(votes)) >= keep_at - 1e-9
    assert early == full


@given(st.lists(OUTCOMES, min_size=1, max_size=12), SHARES)
def test_nothing_is_settled_before_the_fewest_votes(votes: list[float], keep_at: float) -> None:
    total = len(votes)
    for asked in range(fewest_votes(total, keep_at)):
        assert not settled(majority(votes[:asked]), asked, total, keep_at)


def test_a_share_on_the_boundary_is_reached() -> None:
    assert votes_needed(5, 0.8) == 4
    assert votes_needed(10, 0.8) == 8
    assert votes_needed(3, 0.8) == 3
    assert votes_needed(3, 0.6) == 2
    assert votes_needed(5, 0.6) == 3
