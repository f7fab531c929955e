from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from rlaif_core.engine.judging.preferences import TIED
from rlaif_core.store.ledger import Reader
from rlaif_report.funnel import CANDIDATES, SHOWN, Counted, Step, funnel
from rlaif_report.judge import Tally
from rlaif_report.queries import Outline, OutlineReader
from rlaif_report.rounds import RoundView, round_view
from rlaif_report.sample import Sample


@pytest.fixture
def view(run_folder: Path) -> RoundView:
    reader = OutlineReader(run_folder / "ledger.sqlite", readonly=True)
    section = {"round": 0, "responses": 92, "comparisons": 2, "verdicts": 2}
    section |= {"preferences": reader.kept(0), "dropped": reader.drops(0)}
    view = round_view(section, reader, Sample(), sampled=True)
    reader.close()
    return view


def test_every_pair_is_kept_or_has_a_reason(view: RoundView, run_folder: Path) -> None:
    pairs = [step for step in view.steps if step.unit == "pairs"]
    lost = sum(sum(step.losses.values()) for step in pairs)
    assert pairs[0].count == lost + pairs[-1].count
    for before, after in pairwise(pairs):
        assert before.count == after.count + sum(after.losses.values())


def test_every_reason_of_the_ledger_is_listed(view: RoundView, run_folder: Path) -> None:
    reader = Reader(run_folder / "ledger.sqlite", readonly=True)
    listed = {reason for step in view.steps for reason in step.losses}
    for reason in reader.drops(0):
        assert any(one.startswith(reason) for one in listed)
    reader.close()
    assert "equal to another response to the same prompt" in listed
    assert view.steps[0].asides == {"prompts without a response": 1}


def test_a_flood_of_reasons_is_cut_and_the_rest_counted() -> None:
    many = {f"reason {number}": number + 1 for number in range(SHOWN + 50)}
    step = Step("Preferences kept", "pairs", 1, many, {})
    assert len(step.listed) == SHOWN
    assert step.unlisted == (50, sum(range(1, 51)))


def test_before_selection_there_is_no_word_of_preferences() -> None:
    tally = Tally()
    tally.add(Outline("p", "a", "b", 0.9, 1.0, (("ab", 0.9),)), candidate=False)
    section = {"responses": 2, "comparisons": 1, "verdicts": 1, "preferences": None}
    names = [step.name for step in funnel(Counted(section, tally, {}, {}, sampled=True))]
    assert names == ["Responses", "Comparisons asked", "Verdicts", "Pairs judged", "Pairs decided"]


@pytest.mark.parametrize(
    ("agreement", "reason"),
    [(0.0, "tie: the judge prefers neither"), (1.0, "tie: people prefer neither")],
)
def test_ties_are_a_reason_of_their_own(agreement: float, reason: str) -> None:
    tally = Tally()
    votes = (("ab", 0.5), ("ba", 0.5))
    for name in "xy":
        tally.add(Outline("p", "a", name, 0.5, agreement, votes), candidate=False)
    tally.add(Outline("p", "a", "z", 0.9, 1.0, (("ab", 0.9),)), candidate=False)
    section = {"comparisons": 5, "verdicts": 5, "preferences": 0}
    steps = funnel(Counted(section, tally, {TIED: 1}, {}, sampled=False))
    (candidates,) = [one for one in steps if one.name == CANDIDATES]
    assert candidates.losses == {reason: 2, "not chosen by the pairing": 1}


def test_without_a_ledger_the_reasons_come_from_the_metrics() -> None:
    section = {"responses": 4, "comparisons": 4, "verdicts": 3, "abstentions": 1}
    section |= {"preferences": 1, "dropped": {"tie": 2}}
    steps = funnel(Counted(section, Tally(), {}, {}, sampled=True))
    assert steps[-1].losses == {"tie": 2}
    assert steps[-2].losses == {"abstained": 1}
