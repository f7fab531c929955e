from __future__ import annotations

from pathlib import Path

import pytest

from rlaif_core.api import Abstention, Message, Prompt, Response, Verdict, Vote
from rlaif_core.runs import Run
from rlaif_core.store.ledger import Ledger
from rlaif_report import comparisons
from rlaif_report.comparisons import Browser, browser
from rlaif_report.rounds import round_view
from rlaif_report.sample import Sample
from tests.support.run_folder import add_up


def shown(path: Path, round_index: int = 0) -> Browser:
    sample = Sample()
    with Run.open(path.parent) as run:
        round_view({"round": round_index}, run, sample, sampled=True)
        return browser(run, sample)


def one_pair(path: Path, votes: list[Vote], text: str = "short") -> Browser:
    prompt = Prompt("p", (Message("system", "be brief"), Message("user", "why?")), {"truth": 42})
    a, b = Response.of(prompt, text, 0), Response.of(prompt, "other", 1)
    ledger = Ledger(path)
    ledger.keep_prompts("train", [prompt])
    ledger.keep_responses(0, "train", [a, b])
    ledger.keep_judged(0, "train", [add_up(prompt, a, b, votes)])
    ledger.close()
    return shown(path)


def test_a_comparison_has_both_responses_and_each_vote_with_its_explanation(
    tmp_path: Path,
) -> None:
    votes = [
        Vote("ab", 0, Verdict(0.9, explanation="the first is right")),
        Vote("ba", 0, Verdict.abstain(Abstention.REFUSED, "I would rather not")),
    ]
    (view,) = one_pair(tmp_path / "ledger.sqlite", votes).comparisons

    assert [side.text.text for side in view.sides] == ["short", "other"]
    assert [side.preferred for side in view.sides] == [True, False]
    assert [(vote.order, vote.outcome) for vote in view.votes] == [
        ("A first", "A is better"),
        ("B first", "abstained: refused"),
    ]
    assert view.votes[0].explanation.text == "the first is right"
    assert view.votes[1].detail == "I would rather not"
    assert [role for role, _ in view.turns] == ["system", "user"]
    assert view.columns.text == '{"truth": 42}'


def test_a_vote_for_the_second_in_swapped_order_is_a_vote_for_a(tmp_path: Path) -> None:
    (view,) = one_pair(tmp_path / "ledger.sqlite", [Vote("ba", 0, Verdict(0.2))]).comparisons
    assert (view.votes[0].outcome, view.votes[0].p_a) == ("A is better", 0.8)


def test_long_texts_and_many_votes_are_cut_and_the_cut_is_counted(tmp_path: Path) -> None:
    votes = [Vote("ab", index, Verdict(0.9, explanation="x" * 9000)) for index in range(99)]
    (view,) = one_pair(tmp_path / "ledger.sqlite", votes, "y" * 10_000).comparisons

    assert view.sides[0].text.left_out == 10_000 - comparisons.TEXT
    assert view.votes[0].explanation.left_out == 9000 - comparisons.EXPLANATION
    assert view.more_votes == 99 - comparisons.VOTES


def test_the_page_has_a_budget_of_characters(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run_folder / "ledger.sqlite"
    everything = shown(path)
    monkeypatch.setattr(comparisons, "BUDGET", 20_000)

    some = shown(path)

    assert 0 < len(some.comparisons) < len(everything.comparisons)
    assert sum(comparison.size for comparison in some.comparisons) <= 20_000
    assert some.total == everything.total


def test_every_outcome_has_a_filter_that_shows_something(run_folder: Path) -> None:
    found = shown(run_folder / "ledger.sqlite")
    for choice in found.filters:
        marked = [
            comparison for comparison in found.comparisons if choice.number in comparison.filters
        ]
        assert len(marked) == choice.shown > 0
        assert choice.shown <= choice.total
    assert found.filters[0].outcome == "Kept"


def test_heldout_pairs_say_which_policy_wrote_which_response(run_folder: Path) -> None:
    heldout = [
        comparison
        for comparison in shown(run_folder / "ledger.sqlite").comparisons
        if comparison.outcomes[0].startswith("Held-out")
    ]
    assert heldout
    for comparison in heldout:
        assert [side.role for side in comparison.sides] == ["new policy", "base policy"]
