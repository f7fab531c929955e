"""Votes that can change nothing are not asked for: what is kept is what all votes would keep."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlaif_core.api import (
    Abstention,
    Comparison,
    Context,
    JudgedPair,
    PairwiseJudge,
    Params,
    Response,
    Verdict,
)
from rlaif_core.engine.executor import LocalExecutor
from rlaif_core.engine.hooks import StageHooks, hook_manager
from rlaif_core.engine.judging.runner import JudgeRunner
from rlaif_core.engine.progress import Progress
from rlaif_core.recipe.sections import JudgeSection
from rlaif_core.store.ledger import Ledger
from tests.support.ballot_box import prompt
from tests.support.inside import Inside, inside
from tests.support.reading import written

__all__ = ["inside"]

KEEP_AT = 0.8
ROUNDING = 1e-9

ONE = prompt("p")
PAIR = (Response.of(ONE, "a", 0), Response.of(ONE, "b", 1))

Said = Sequence[float | None]
"""Probability that A is better, a vote each, both orders of a vote side by side; None abstains."""


class Reciting(PairwiseJudge):
    """Says what it was told to, and counts."""

    def __init__(self, said: Said) -> None:
        super().__init__(Params())
        self.context = Context()
        self.asked = 0
        self._said = said

    async def compare(self, comparison: Comparison) -> Verdict:
        self.asked += 1
        p = self._said[2 * comparison.vote + (comparison.order == "ba")]
        if p is None:
            return Verdict.abstain(Abstention.REFUSED)
        return Verdict(p if comparison.order == "ab" else 1.0 - p)


@contextmanager
def empty_ledger() -> Iterator[Ledger]:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder, "ledger.sqlite"))
        yield ledger
        ledger.close()


def judged(said: Said, adaptive: float | None, ledger: Ledger) -> tuple[JudgedPair, JudgeRunner]:
    judge = Reciting(said)
    section = JudgeSection(use="x", votes=len(said) // 2, adaptive=adaptive)
    manager = hook_manager([])
    manager.register(StageHooks(LocalExecutor(Params()), Progress()))
    judging = JudgeRunner(judge, section, manager.hook, ledger, Progress(), seed=0)
    (pair,) = asyncio.run(judging.ask(0, [(ONE, PAIR)]))
    assert judge.asked + judging.saved == len(said)
    return pair, judging


def kept(pair: JudgedPair) -> bool:
    """As the filter `agreement` decides."""
    return pair.agreement >= KEEP_AT - ROUNDING


votes = st.sampled_from([0.1, 0.4, 0.5, 0.9, None])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(votes, votes), min_size=1, max_size=5))
def test_stopping_early_never_changes_what_is_kept(said: list[tuple[float, float]]) -> None:
    flat = [verdict for both in said for verdict in both]
    with empty_ledger() as ledger:
        every, fixed = judged(flat, None, ledger)
        fewer, _ = judged(flat, KEEP_AT, ledger)
    assert fixed.saved == 0
    assert len(fewer.votes) <= len(every.votes)
    assert kept(fewer) == kept(every)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ([0.9] * 10, 8),  # eight of ten are enough
        ([0.9, 0.1] * 5, 6),  # three against: eight cannot be reached any more
        ([0.9, 0.9, None, None, None, 0.9, 0.9, 0.9, 0.9, 0.9], 5),
        ([0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9], 10),
    ],
)
def test_asking_ends_with_the_vote_that_settles_it(
    said: list[float | None], asked: int, ledger: Ledger
) -> None:
    pair, _ = judged(said, KEEP_AT, ledger)
    assert len(pair.votes) == asked


def test_the_calls_saved_are_reported(inside: Inside) -> None:
    judge = {"use": "./kinds.py:Sharp", "votes": 5, "adaptive": KEEP_AT}
    (number,) = inside.run(judge=judge)["rounds"]
    saved = number["judge"]["calls_saved"]
    assert saved == 12 * 3 * 2  # each pair is settled after eight of ten
    assert number["comparisons"] == 12 * 3 * 8
    ledger = inside.ledger
    assert f"{saved} saved by adaptive voting" in ledger.stage(0, "judge")[1]["summary"]
    ledger.close()
    page = written(inside.folder / "run").read_text()
    assert "calls saved" in page.lower()
