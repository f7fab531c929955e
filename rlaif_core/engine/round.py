"""One round: prompts → responses → verdicts → preferences → reward model → policy → figures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from rlaif_core.api.errors import DataError
from rlaif_core.api.optimizer import Optimizer
from rlaif_core.api.pairing import Pair, Pairing
from rlaif_core.api.records import JudgedPair, Preference, Prompt, Response, digest
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.api.sampler import Sampler
from rlaif_core.api.training import Metrics, TrainingJob
from rlaif_core.engine.evaluating import evaluate
from rlaif_core.engine.metrics import JSON
from rlaif_core.engine.pairing import (
    DUPLICATE,
    NO_PAIR,
    NO_RESPONSE,
    candidate,
    distinct,
    rank,
)
from rlaif_core.engine.selection import keep
from rlaif_core.engine.session import Session

SAMPLE_WINDOW = 256
"""Prompts whose responses are asked for at once and kept together."""

JUDGE_WINDOW = 512
"""Prompts whose pairs are judged at once."""


class Round:
    """Plays one round of a run. Each stage is skipped if the ledger has it done.

    Args:
        session: The open run.
        number: From 0.
    """

    def __init__(self, session: Session, number: int) -> None:
        self.session = session
        self.number = number
        self.prompts: list[Prompt] = []
        self._steps = 0

    @property
    def checkpoint(self) -> str | None:
        """The weights this round starts from: the last round's policy, or None for the base."""
        if self.number == 0 or not self.session.parts.names("optimizer"):
            return None
        return str(self.session.folder.of_round(self.number - 1, "policy"))

    async def play(self) -> None:
        """Every stage in turn."""
        stage = self.session.stage
        self.prompts = self.session.ledger.prompts("train")
        await stage(self.number, "sample", len(self.prompts), self.sample)
        await stage(self.number, "judge", None, self.judge)
        await stage(self.number, "select", None, self.select)
        if self.session.parts.names("reward_model"):
            await stage(self.number, "reward_model", None, self.reward_model)
        if self.session.parts.names("optimizer"):
            await stage(self.number, "optimize", None, self.optimize)
        if self.session.recipe.file.evaluators:
            await stage(self.number, "evaluate", None, lambda: evaluate(self))

    async def sample(self) -> JSON:
        """Several responses to every prompt, kept a window at a time."""
        session = self.session
        sampler: Sampler[Any] = await session.parts.get("sampler", checkpoint=self.checkpoint)
        there = session.ledger.responses(self.number, "train")
        for start in range(0, len(self.prompts), SAMPLE_WINDOW):
            window = self.prompts[start : start + SAMPLE_WINDOW]
            if any(prompt.id in there for prompt in window):
                session.progress.advance(len(window))
                continue
            answers = await session.hooks.rlaif_sample(
                prompts=window, sampler=sampler, round=self.number
            )
            session.ledger.keep_responses(
                self.number, "train", (one for many in answers for one in many)
            )
            await session.ledger.committed()
        total = session.ledger.counts(self.number)["responses"]
        if not total:
            raise DataError("no prompt got a response: see the notes above")
        return {"summary": f"{total} responses to {len(self.prompts)} prompts"}

    async def judge(self) -> JSON:
        """Propose pairs, judge them, and again until the pairing has seen enough."""
        session = self.session
        pairing: Pairing[Any] = await session.parts.get("pairing")
        judging = await session.judging()
        responses = session.ledger.responses(self.number, "train")
        proposed = 0
        for start in range(0, len(self.prompts), JUDGE_WINDOW):
            window = self.prompts[start : start + JUDGE_WINDOW]
            candidates = {one.id: distinct(responses.get(one.id, [])) for one in window}
            judged: dict[str, list[JudgedPair]] = {one.id: [] for one in window}
            active = window
            while active:
                items: list[tuple[Prompt, Pair]] = []
                for prompt in active:
                    ranking = rank(prompt, candidates[prompt.id], judged[prompt.id])
                    items += [(prompt, pair) for pair in pairing.propose(ranking)]
                proposed += sum(len(judging.expand(*item)) for item in items)
                seen = start + len(window)
                session.progress.grow(round(proposed * len(self.prompts) / seen))
                for pair in await judging.judge(self.number, "train", items):
                    judged[pair.prompt.id].append(pair)
                again = {prompt.id for prompt, _ in items}
                active = [prompt for prompt in active if prompt.id in again]
        counts = session.ledger.counts(self.number)
        agreement = session.ledger.agreement(self.number)
        summary = f"{counts['verdicts']} verdicts on {counts['pairs']} pairs"
        if agreement is not None:
            summary += f", agreement {agreement:.0%}"
        if counts["abstentions"]:
            summary += f", {counts['abstentions']} abstentions"
        if judging.saved:
            summary += f", {judging.saved} saved by adaptive voting"
        return {"summary": summary, "saved": judging.saved}

    async def select(self) -> JSON:
        """Rank, select training pairs, filter; every pair left out keeps its reason."""
        session = self.session
        pairing: Pairing[Any] = await session.parts.get("pairing")
        responses = session.ledger.responses(self.number, "train")
        losses: list[tuple[str, str, int]] = []
        preferences: list[Preference] = []
        for prompt in self.prompts:
            drawn = responses.get(prompt.id, [])
            found, lost = self._select(prompt, drawn, pairing)
            preferences += found
            losses += [(prompt.id, reason, count) for reason, count in lost.items()]
        return await keep(session, self.number, preferences, losses)

    def _select(
        self, prompt: Prompt, drawn: Sequence[Response], pairing: Pairing[Any]
    ) -> tuple[list[Preference], dict[str, int]]:
        lost: dict[str, int] = {}
        if not drawn:
            return [], {NO_RESPONSE: 1}
        kept = distinct(drawn)
        if len(kept) < len(drawn):
            lost[DUPLICATE] = len(drawn) - len(kept)
        known = {one.id: one for one in kept}
        judged = self.session.ledger.judged_pairs(self.number, "train", prompt, known)
        ranking = rank(prompt, kept, judged)
        found: list[Preference] = []
        for pair in self.session.hooks.rlaif_pair(ranking=ranking, pairing=pairing):
            outcome = candidate(ranking, pair)
            if isinstance(outcome, Preference):
                found.append(outcome)
            else:
                lost[outcome] = lost.get(outcome, 0) + 1
        if not found:
            lost[NO_PAIR] = 1
        return found, lost

    async def reward_model(self) -> JSON:
        """Fit the reward model on the round's preferences."""
        session = self.session
        model: RewardModel[Any] = await session.parts.get("reward_model")
        fit = session.hooks.rlaif_reward_model
        return await self._train(
            "reward_model", "reward_model", lambda job: fit(job=job, reward_model=model)
        )

    async def optimize(self) -> JSON:
        """Train the policy."""
        session = self.session
        optimizer: Optimizer[Any] = await session.parts.get("optimizer")
        train = session.hooks.rlaif_optimize
        return await self._train(
            "optimize", "policy", lambda job: train(job=job, optimizer=optimizer)
        )

    async def _train(
        self, stage: str, artefact: str, work: Callable[[TrainingJob], Metrics]
    ) -> JSON:
        session, ledger = self.session, self.session.ledger
        if not ledger.kept(self.number):
            raise DataError(
                f"round {self.number} kept no preference to train on: "
                f"{_listed(ledger.drops(self.number)) or 'nothing was selected'}; loosen the "
                "filters or look at the judge's answers in the report"
            )
        policy = await session.parts.model("policy", self.checkpoint)
        loop = asyncio.get_running_loop()

        def report(done: int, total: int, figures: Metrics) -> None:
            def show() -> None:
                session.progress.grow(total)
                session.progress.advance(done - self._steps, **figures)
                self._steps = done
                ledger.keep_training(self.number, stage, done, figures)

            loop.call_soon_threadsafe(show)

        self._steps = 0
        writing: AbstractContextManager[Path] = session.folder.artefact(self.number, artefact)
        with writing as output:
            job = TrainingJob(
                checkpoint=policy.checkpoint or "",
                reference=policy.checkpoint or "",
                preferences=session.folder.of_round(self.number, "preferences"),
                heldout=self.heldout(),
                prompts=self.prompts,
                output=output,
                seed=session.recipe.file.seed,
                progress=report,
                cancelled=session.cancelled.is_set,
            )
            measured = await self._in_thread(work, job)
        shown = ", ".join(f"{name} {value:.3g}" for name, value in list(measured.items())[:3])
        return {**measured, "summary": shown}

    async def _in_thread(self, work: Callable[[TrainingJob], Metrics], job: TrainingJob) -> Metrics:
        """Train off the event loop; if the run is stopped, wait until training has noticed."""
        training = asyncio.ensure_future(asyncio.to_thread(work, job))
        try:
            return await asyncio.shield(training)
        except asyncio.CancelledError:
            self.session.cancelled.set()
            await asyncio.gather(training, return_exceptions=True)
            raise

    def heldout(self) -> frozenset[str]:
        """Training prompts whose preferences only measure the reward model."""
        file = self.session.recipe.file
        limit = int(file.heldout_share * 16**8)
        return frozenset(
            one.id
            for one in self.prompts
            if int(digest("heldout", file.seed, one.id)[:8], 16) < limit
        )


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{reason} ({count})" for reason, count in counts.items())
