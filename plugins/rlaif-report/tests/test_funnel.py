from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from rlaif_core.runs import PairOutline, Run, VoteOutline
from rlaif_core.runs.reasons import TIED
from rlaif_report.funnel import CANDIDATES, SHOWN, Counted, Step, funnel
from rlaif_report.judge import JudgeCounts
from rlaif_report.rounds import RoundView, round_view
from rlaif_report.sample import Sample


def pair(b: str, p_a: float, agreement: float, *votes: tuple[str, float]) -> PairOutline:
    cast = tuple(VoteOutline(order, 0, p) for order, p in votes)
    return PairOutline("p", "a", b, p_a, agreement, cast)


@pytest.fixture
def view(run_folder: Path) -> RoundView:
    section = {"round": 0, "responses": 92, "comparisons": 2, "verdicts": 2}
    with Run.open(run_folder) as run:
        section["preferences"] = sum(row.stage == "kept" for row in run.candidates(0))
        section["dropped"] = {row.reason: row.total for row in run.dropped(0)}
        return round_view(section, run, Sample(), sampled=True)


def test_every_pair_is_kept_or_has_a_reason(view: RoundView, run_folder: Path) -> None:
    pairs = [step for step in view.steps if step.unit == "pairs"]
    lost = sum(sum(step.losses.values()) for step in pairs)
    assert pairs[0].count == lost + pairs[-1].count
    for before, after in pairwise(pairs):
        assert before.count == after.count + sum(after.losses.values())


def test_every_reason_of_the_ledger_is_listed(view: RoundView, run_folder: Path) -> None:
    listed = {reason for step in view.steps for reason in step.losses}
    with Run.open(run_folder) as run:
        for row in run.dropped(0):
            assert f"{row.reason} ({row.stage})" in listed
    assert "equal to another response to the same prompt" in listed
    assert view.steps[0].asides == {"prompts without a response": 1}


def test_a_flood_of_reasons_is_cut_and_the_rest_counted() -> None:
    many = {f"reason {number}": number + 1 for number in range(SHOWN + 50)}
    step = Step("Preferences kept", "pairs", 1, many, {})
    assert len(step.listed) == SHOWN
    assert step.unlisted == (50, sum(range(1, 51)))


def test_before_selection_there_is_no_word_of_preferences() -> None:
    tally = JudgeCounts()
    tally.add(pair("b", 0.9, 1.0, ("ab", 0.9)), candidate=False)
    section = {"responses": 2, "comparisons": 1, "verdicts": 1, "preferences": None}
    names = [step.name for step in funnel(Counted(section, tally, {}, {}, sampled=True))]
    assert names == ["Responses", "Comparisons asked", "Verdicts", "Pairs judged", "Pairs decided"]


@pytest.mark.parametrize(
    ("agreement", "reason"),
    [(0.0, "tie: the judge prefers neither"), (1.0, "tie: people prefer neither")],
)
def test_ties_are_a_reason_of_their_own(agreement: float, reason: str) -> None:
    tally = JudgeCounts()
    for name in "xy":
        tally.add(pair(name, 0.5, agreement, ("ab", 0.5), ("ba", 0.5)), candidate=False)
    tally.add(pair("z", 0.9, 1.0, ("ab", 0.9)), candidate=False)
    section = {"comparisons": 5, "verdicts": 5, "preferences": 0}
    steps = funnel(Counted(section, tally, {TIED: 1}, {}, sampled=False))
    (candidates,) = [step for step in steps if step.name == CANDIDATES]
    assert candidates.losses == {reason: 2, "not chosen by the pairing": 1}


def test_without_a_ledger_the_reasons_come_from_the_metrics() -> None:
    section = {"responses": 4, "comparisons": 4, "verdicts": 3, "abstentions": 1}
    section |= {"preferences": 1, "dropped": {"tie": 2}}
    steps = funnel(Counted(section, JudgeCounts(), {}, {}, sampled=True))
    assert steps[-1].losses == {"tie": 2}
    assert steps[-2].losses == {"abstained": 1}
