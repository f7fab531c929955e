"""Asking a judge: windows of comparisons, resumed votes, failures; the ledger keeps the votes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import islice
from typing import Any

import pluggy

from rlaif_aio.windows import map_windows
from rlaif_core.api.component import Component, Context
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import Abstention, Comparison, JudgedPair, Prompt, Verdict
from rlaif_core.engine.calling import Caller
from rlaif_core.engine.judging.combine import Combination
from rlaif_core.engine.judging.expand import Expansion, Key, key
from rlaif_core.engine.judging.failure_limit import FailureLimit
from rlaif_core.engine.judging.gate import Gate
from rlaif_core.engine.progress import Progress
from rlaif_core.recipe.sections import JudgeSection
from rlaif_core.store.ledger import Ledger

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
        self._hooks = hooks
        self._ledger = ledger
        self._progress = progress
        self._expansion = Expansion(judge, section, Context(seed=seed).rng)
        self._labels = Combination(section, hooks)
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

    def use_temperature(self, temperature: float) -> None:
        """Divide the labels' log-odds by a temperature that was fitted on anchors."""
        self._labels.temperature = temperature

    async def judge(
        self, round_index: int, split: str, items: Sequence[tuple[Prompt, Pair]]
    ) -> list[JudgedPair]:
        """Judge all pairs of responses to their prompts, keep the votes, return them in order.

        Raises:
            RunError: If more calls failed than the recipe's `max_failures` allows.
        """
        judged = [
            pair async for window in self.stream(round_index, split, items) for pair in window
        ]
        self.finish()
        return judged

    async def stream(
        self, round_index: int, split: str, items: Iterable[tuple[Prompt, Pair]]
    ) -> AsyncGenerator[list[JudgedPair], None]:
        """Judge pairs as `judge` does, a window after the other; `finish` when no more will come.

        Raises:
            RunError: If so many calls have failed that it is clear before the end.
        """

        async def ask(window: Sequence[tuple[Prompt, Pair]]) -> list[JudgedPair]:
            known = self._known(round_index, split, window)
            labelled = await self.ask(round_index, window, known)
            self._ledger.keep_judged(round_index, split, labelled)
            await self._ledger.committed()
            self._count(labelled)
            return labelled

        windows = self._windows(items, self._window)
        at_once = STREAM_WINDOWS if self.streams else 1
        async with aclosing(map_windows(ask, windows, at_once)) as judged:
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
        """True if requests are sent as they come, since all models are behind a service."""
        models = self._judge.context.models.values()
        return bool(models) and all(isinstance(model, Caller) and model.streams for model in models)

    def _windows(
        self, items: Iterable[tuple[Prompt, Pair]], comparisons: int
    ) -> Iterator[list[tuple[Prompt, Pair]]]:
        left = iter(items)
        for first in left:
            step = max(1, comparisons // len(self.expand(*first)))
            yield [first, *islice(left, step - 1)]

    async def settle(self, round_index: int, split: str) -> Mapping[str, Any]:
        """Let the judge look at all its verdicts of a round together, and keep what it settles.

        Returns:
            What it learned on the way; nothing for a judge that does not settle.
        """
        settled = self._labels.settle(self._judge, self._ledger.judged(round_index, split))
        if settled is None:
            return {}
        pairs, figures = settled
        self._ledger.keep_judged(round_index, split, pairs)
        await self._ledger.committed()
        return figures

    def expand(self, prompt: Prompt, pair: Pair) -> list[Comparison]:
        """The comparisons that one pair is asked as."""
        return self._expansion.of(prompt, pair)

    async def ask(
        self,
        round_index: int,
        items: Sequence[tuple[Prompt, Pair]],
        votes: Mapping[Key, Verdict] | None = None,
    ) -> list[JudgedPair]:
        """Judge pairs without keeping the votes; what a model answers is kept all the same.

        Args:
            round_index: From 0.
            items: n prompts with a pair of responses each.
            votes: Those that are known already.
        """
        planned = [self._expansion.of(prompt, pair) for prompt, pair in items]
        known = dict(votes or {})
        gated: set[int] = set()
        for index, verdict in enumerate(await self._decided(items)):
            if verdict is not None:
                first = Comparison(items[index][0], *items[index][1])
                planned[index], known[key(first)] = [first], verdict
                gated.add(index)
        self.gated += len(gated)
        asked = [self._expansion.at_first(comparisons) for comparisons in planned]
        while True:
            await self._ask_missing(round_index, asked, known)
            more = [
                self._expansion.next(comparisons, so_far, known)
                for comparisons, so_far in zip(planned, asked, strict=True)
            ]
            if more == asked:
                break
            asked = more
        self.saved += sum(map(len, planned)) - sum(map(len, asked))
        return [
            self._labels.label(
                prompt,
                pair,
                [(shown, known[key(shown)]) for shown in comparisons],
                tempered=index not in gated,
            )
            for index, ((prompt, pair), comparisons) in enumerate(zip(items, asked, strict=True))
        ]

    async def _ask_missing(
        self,
        round_index: int,
        asked: Sequence[Sequence[Comparison]],
        known: dict[Key, Verdict],
    ) -> None:
        missing = [shown for many in asked for shown in many if key(shown) not in known]
        if missing:
            verdicts = await self._hooks.rlaif_judge(
                comparisons=missing, judge=self._judge, round_index=round_index
            )
            known.update(zip(map(key, missing), verdicts, strict=True))

    async def _decided(self, items: Sequence[tuple[Prompt, Pair]]) -> Sequence[Verdict | None]:
        return [] if self._gate is None else await self._gate.decide(items)

    def _known(
        self, round_index: int, split: str, items: Sequence[tuple[Prompt, Pair]]
    ) -> dict[Key, Verdict]:
        """Votes of an interrupted run, for a judge whose calls the ledger does not see.

        A judge that asks models is run again over their cached answers instead, so that local
        models cut the batches that an undisturbed run would cut.
        """
        known: dict[Key, Verdict] = {}
        if self._judge.context.models:
            return known
        for prompt_id in dict.fromkeys(prompt.id for prompt, _ in items):
            for (a, b), votes in self._ledger.votes(round_index, split, prompt_id).items():
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
