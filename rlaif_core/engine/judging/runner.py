"""Judging of pairs: orders and votes are expanded, windows asked, verdicts kept and added up."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import islice
from typing import Any

import pluggy

from rlaif_core.api.component import Component, Context
from rlaif_core.api.judge import PairwiseJudge, PointwiseJudge
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import (
    Abstention,
    Comparison,
    JudgedPair,
    Order,
    Prompt,
    Verdict,
    Vote,
)
from rlaif_core.engine.calling import Caller
from rlaif_core.engine.judging.failure_limit import FailureLimit
from rlaif_core.engine.judging.gate import Gate
from rlaif_core.engine.judging.windows import map_windows
from rlaif_core.engine.progress import Progress
from rlaif_core.recipe.sections import JudgeSection
from rlaif_core.store.ledger import Ledger
from rlaif_stats.calibration import apply_temperature
from rlaif_stats.voting import fewest_votes, settled

Key = tuple[str, str, str, Order, int]
"""Prompt id, the pair's response ids as proposed, order, vote."""

WINDOW = 4096
"""Comparisons in memory at once: enough to fill batches, few enough to keep memory flat."""

STREAM_WINDOW, STREAM_WINDOWS = 128, 24
"""The same for models behind a service, and how many windows are under way at once: a window's
slowest replies are waited for while the next ones keep the service busy, and its verdicts are
added up in a moment that nobody notices. Local models are asked in one window after the other, so
that their batches do not depend on timing."""

OWN_CALLS_WINDOW = 256
"""For a judge without models: what it pays for itself is safe only when its window is kept."""


class JudgeRunner:
    """Asks one judge, in a recipe's way.

    Args:
        judge: The judge, set up.
        section: How often and in which orders to ask it.
        hooks: Who may wrap or answer the stage.
        ledger: Where votes are kept.
        progress: Told of the agreement so far.
        seed: The run's seed, for the random order.
        gate: A verifier that decides first, if the section has one.
        place: Where the recipe has the section.
    """

    def __init__(
        self,
        judge: Component[Any],
        section: JudgeSection,
        hooks: pluggy.HookRelay,
        ledger: Ledger,
        progress: Progress,
        seed: int,
        gate: Gate | None = None,
        place: str = "judge",
    ) -> None:
        self._judge = judge
        self._section = section
        self._hooks = hooks
        self._ledger = ledger
        self._progress = progress
        self._rng = Context(seed=seed).rng
        self._gate = gate
        who = place.replace(".", " ")
        self._failures = FailureLimit(who, section.max_failures, f"{place}.max_failures")
        self._failed_prompts: set[str] = set()  # a failed score fails all verdicts on its response
        self._pairs = 0
        self._agreement = 0.0
        self.saved = 0
        """Verdicts that adaptive voting did not ask for."""
        self.gated = 0
        """Pairs that the gate decided alone."""
        self.temperature = 1.0
        """By which the labels' log-odds are divided, once it has been fitted on anchors."""

    async def judge(
        self, round: int, split: str, items: Sequence[tuple[Prompt, Pair]]
    ) -> list[JudgedPair]:
        """Judge all pairs of responses to their prompts, keep the votes, return them in order.

        Raises:
            RunError: If more calls failed than the recipe's `max_failures` allows.
        """
        judged = [pair async for window in self.stream(round, split, items) for pair in window]
        self.finish()
        return judged

    async def stream(
        self, round: int, split: str, items: Iterable[tuple[Prompt, Pair]]
    ) -> AsyncGenerator[list[JudgedPair], None]:
        """Judge pairs as `judge` does, a window after the other; `finish` when no more will come.

        Raises:
            RunError: If so many calls have failed that it is clear before the end.
        """

        async def one(window: Sequence[tuple[Prompt, Pair]]) -> list[JudgedPair]:
            found = await self.ask(round, window, self._known(round, split, window))
            self._ledger.keep_judged(round, split, found)
            await self._ledger.committed()
            self._count(found)
            return found

        windows = self._windows(items, self._window)
        at_once = STREAM_WINDOWS if self.streams else 1
        async with aclosing(map_windows(one, windows, at_once)) as judged:
            async for window in judged:
                yield window

    def finish(self) -> None:
        """See that not too many calls failed, however few there were, when none is left.

        Raises:
            RunError: If more failed than the recipe's `max_failures` allows.
        """
        self._failures.finish(len(self._failed_prompts))

    @property
    def _window(self) -> int:
        """Comparisons asked at once."""
        if not self._judge.context.models:
            return OWN_CALLS_WINDOW
        return STREAM_WINDOW if self.streams else WINDOW

    @property
    def streams(self) -> bool:
        """Whether requests are sent as they come, since all models are behind a service."""
        models = self._judge.context.models.values()
        return bool(models) and all(isinstance(one, Caller) and one.streams for one in models)

    def _windows(
        self, items: Iterable[tuple[Prompt, Pair]], comparisons: int
    ) -> Iterator[list[tuple[Prompt, Pair]]]:
        left = iter(items)
        for first in left:
            step = max(1, comparisons // len(self.expand(*first)))
            yield [first, *islice(left, step - 1)]

    async def settle(self, round: int, split: str) -> Mapping[str, Any]:
        """Let the judge look at all its verdicts of a round together, and keep what it settles.

        Returns:
            What it learned on the way; nothing for a judge that does not settle.
        """
        judge = self._judge
        if not isinstance(judge, PairwiseJudge) or type(judge).settle is PairwiseJudge.settle:
            return {}
        pairs = list(self._ledger.judged(round, split))
        shown = [
            Comparison(
                pair.prompt,
                *((pair.a, pair.b) if vote.order == "ab" else (pair.b, pair.a)),
                vote.order,
                vote.index,
            )
            for pair in pairs
            for vote in pair.votes
        ]
        given = [vote.verdict for pair in pairs for vote in pair.votes]
        settlement = judge.settle(shown, given)
        verdicts = iter(zip(shown, settlement.verdicts, strict=True))
        settled = [
            self._tempered(
                self._combined(
                    pair.prompt, (pair.a, pair.b), list(islice(verdicts, len(pair.votes)))
                )
            )
            for pair in pairs
        ]
        self._ledger.keep_judged(round, split, settled)
        await self._ledger.committed()
        return settlement.figures

    def expand(self, prompt: Prompt, pair: Pair) -> list[Comparison]:
        """The comparisons that one pair is asked as."""
        a, b = pair
        orders: tuple[Order, ...] = ("ab", "ba")
        if isinstance(self._judge, PointwiseJudge) or self._section.orders == "ab":
            orders = ("ab",)
        elif self._section.orders == "random":
            orders = (self._rng("order", prompt.id, a.id, b.id).choice(orders),)
        shown: dict[Order, Pair] = {"ab": (a, b), "ba": (b, a)}
        return [
            Comparison(prompt, *shown[order], order, vote)
            for vote in range(self._section.votes)
            for order in orders
        ]

    async def ask(
        self,
        round: int,
        items: Sequence[tuple[Prompt, Pair]],
        votes: Mapping[Key, Verdict] | None = None,
    ) -> list[JudgedPair]:
        """Judge pairs without keeping the votes; what a model answers is kept all the same.

        Args:
            round: From 0.
            items: n prompts with a pair of responses each.
            votes: Those that are known already.
        """
        planned = [self.expand(prompt, pair) for prompt, pair in items]
        known = dict(votes or {})
        gated: set[int] = set()
        for index, verdict in enumerate(await self._decided(items)):
            if verdict is not None:
                first = Comparison(items[index][0], *items[index][1])
                planned[index], known[_key(first)] = [first], verdict
                gated.add(index)
        self.gated += len(gated)
        asked = [many[: self._at_once(len(many))] for many in planned]
        while True:
            missing = [one for many in asked for one in many if _key(one) not in known]
            if missing:
                verdicts = await self._hooks.rlaif_judge(
                    comparisons=missing, judge=self._judge, round=round
                )
                known.update(zip(map(_key, missing), verdicts, strict=True))
            more = [
                many[: len(so_far) + (not self._settled(so_far, len(many), known))]
                for many, so_far in zip(planned, asked, strict=True)
            ]
            if more == asked:
                break
            asked = more
        self.saved += sum(map(len, planned)) - sum(map(len, asked))
        combined = [
            self._combined(prompt, pair, [(one, known[_key(one)]) for one in comparisons])
            for (prompt, pair), comparisons in zip(items, asked, strict=True)
        ]
        return [
            pair if index in gated else self._tempered(pair) for index, pair in enumerate(combined)
        ]

    def _combined(
        self, prompt: Prompt, pair: Pair, verdicts: Sequence[tuple[Comparison, Verdict]]
    ) -> JudgedPair:
        judged: JudgedPair = self._hooks.rlaif_combine(
            prompt=prompt, pair=pair, verdicts=verdicts, pooling=self._section.combine
        )
        return judged

    def _tempered(self, pair: JudgedPair) -> JudgedPair:
        if pair.p_a is None or self.temperature == 1.0:
            return pair
        return replace(pair, p_a=float(apply_temperature(pair.p_a, self.temperature)))

    async def _decided(self, items: Sequence[tuple[Prompt, Pair]]) -> Sequence[Verdict | None]:
        return [] if self._gate is None else await self._gate.decide(items)

    def _at_once(self, total: int) -> int:
        adaptive = self._section.adaptive
        return total if adaptive is None else fewest_votes(total, adaptive)

    def _settled(
        self, asked: Sequence[Comparison], total: int, known: Mapping[Key, Verdict]
    ) -> bool:
        adaptive = self._section.adaptive
        if adaptive is None or len(asked) == total:
            return True
        votes = [Vote(one.order, one.vote, known[_key(one)]).p_a for one in asked]
        for_a = sum(p is not None and p > 0.5 for p in votes)
        for_b = sum(p is not None and p < 0.5 for p in votes)
        return settled(max(for_a, for_b), len(asked), total, adaptive)

    def _known(
        self, round: int, split: str, items: Sequence[tuple[Prompt, Pair]]
    ) -> dict[Key, Verdict]:
        """Votes of an interrupted run, for a judge whose calls the ledger does not see.

        A judge that asks models is run again over their cached answers instead, so that local
        models cut the batches that an undisturbed run would cut.
        """
        known: dict[Key, Verdict] = {}
        if self._judge.context.models:
            return known
        for prompt_id in dict.fromkeys(prompt.id for prompt, _ in items):
            for (a, b), votes in self._ledger.votes(round, split, prompt_id).items():
                for (order, vote), verdict in votes.items():
                    if verdict.abstention is not Abstention.FAILED:
                        known[prompt_id, a, b, order, vote] = verdict
        return known

    def _count(self, judged: Sequence[JudgedPair]) -> None:
        self._pairs += len(judged)
        self._agreement += sum(pair.agreement for pair in judged)
        if self._pairs:
            self._progress.advance(0, agreement=self._agreement / self._pairs)
        failed: list[str] = []
        for pair in judged:
            details = [
                vote.verdict.detail
                for vote in pair.votes
                if vote.verdict.abstention is Abstention.FAILED
            ]
            failed += details
            if details:
                self._failed_prompts.add(pair.prompt.id)
        asked = sum(len(pair.votes) for pair in judged)
        self._failures.count(asked, len(failed), failed[-1] if failed else "")


def _key(one: Comparison) -> Key:
    a, b = (one.first, one.second) if one.order == "ab" else (one.second, one.first)
    return one.prompt.id, a.id, b.id, one.order, one.vote
