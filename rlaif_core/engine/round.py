"""One round: prompts → responses → verdicts → preferences → reward model → policy → figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from rlaif_core.api.component import Context
from rlaif_core.api.pairing import Pairing
from rlaif_core.api.records import Preference, Prompt, Response, digest
from rlaif_core.api.sampler import Sampler
from rlaif_core.engine.judging.failure_limit import need_verdicts
from rlaif_core.engine.judging.preferences import (
    DUPLICATE,
    NO_PAIR,
    NO_RESPONSE,
    candidate,
    distinct,
    rank,
)
from rlaif_core.engine.session import Session
from rlaif_core.engine.stages import train as learning
from rlaif_core.engine.stages.calibrate import calibrate
from rlaif_core.engine.stages.evaluate import evaluate
from rlaif_core.engine.stages.guard import guard, guarded
from rlaif_core.engine.stages.human_check import validate
from rlaif_core.engine.stages.judge import judge_proposed
from rlaif_core.engine.stages.sample import sample
from rlaif_core.engine.stages.second_judge import asks_again, second_opinion
from rlaif_core.engine.stages.select import Loss, keep
from rlaif_core.metrics.run import JSON
from rlaif_judge_metrics import measure_judge


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

    @property
    def before(self) -> Round:
        """The last round."""
        return Round(self.session, self.number - 1)

    @property
    def checkpoint(self) -> str | None:
        """The weights this round starts from: the last round's policy, or None for the base."""
        if self.number == 0 or not self.session.parts.names("optimizer"):
            return None
        return str(self.session.folder.of_round(self.number - 1, "policy"))

    @property
    def judge_checkpoint(self) -> str | None:
        """The weights of a judge that asks the policy: this round's, unless it was frozen."""
        if self.number == 0:
            return None
        frozen = self._stage_said("guards", "frozen")
        return self.before.judge_checkpoint if frozen or self.before.frozen else self.checkpoint

    @property
    def frozen(self) -> bool:
        """Whether a guard has tripped in this round or before, so that an older judge judges."""
        if self.number < 0:
            return False
        return bool(self._stage_said("guards", "frozen")) or self.before.frozen

    def _stage_said(self, stage: str, figure: str) -> Any:
        _, figures, done = self.session.ledger.stage(self.number, stage)
        return figures.get(figure) if done else None

    async def play(self) -> str:
        """Every stage in turn; without a pairing there are no preferences, and none are needed.

        Returns:
            Why no further round is to be played; empty if nothing speaks against it.
        """
        stage, parts = self.session.stage, self.session.parts
        section = self.session.recipe.file
        every = self.session.ledger.prompts("train")
        fresh = section.rounds.prompts == "fresh"
        self.prompts = every[self.number :: section.rounds.n] if fresh else every
        if section.pairing is not None:
            stopped = await self.label()
            if stopped:
                return stopped
        if parts.names("reward_model"):
            await stage(self.number, "reward_model", None, lambda: learning.reward_model(self))
        if parts.names("optimizer"):
            await stage(self.number, "optimize", None, lambda: learning.optimize(self))
        if section.evaluators:
            await stage(self.number, "evaluate", None, lambda: evaluate(self))
        return ""

    async def label(self) -> str:
        """The stages from responses to preferences.

        Returns:
            Why the run ends here; empty if nothing speaks against going on.
        """
        stage, section = self.session.stage, self.session.recipe.file
        await stage(self.number, "sample", len(self.prompts), self.sample)
        limits = guarded(self.session.recipe)
        if limits is not None and not (self.number and self.before.frozen):
            found = await stage(self.number, "guards", None, lambda: guard(self, limits))
            if found["stopped"]:
                return f"round {self.number}: {found['stopped']}"
            if found["frozen"]:
                self.session.progress.note(
                    f"round {self.number}: {found['frozen']}: the last good round's judge goes on"
                )
        if section.judge.calibration is not None:
            await stage(self.number, "calibrate", None, self.calibrate)
        await stage(self.number, "judge", None, self.judge)
        if asks_again(self.session.recipe):
            await stage(
                self.number,
                "second_opinion",
                None,
                lambda: second_opinion(self.session, self.number),
            )
        people = section.validation
        if people is not None:
            checked = await stage(
                self.number, "validate", None, lambda: validate(self.session, self.number, people)
            )
            if checked["waiting"]:
                return f"round {self.number}: {checked['waiting']}"
            if checked["warning"]:
                self.session.progress.note(f"WARNING: round {self.number}: {checked['warning']}")
        await stage(self.number, "select", None, self.select)
        return ""

    async def calibrate(self) -> JSON:
        """Fit the temperature of the labels on the recipe's anchors."""
        section = self.session.recipe.file.judge.calibration
        assert section is not None
        judging = await self.session.judging("judge", self.judge_checkpoint, gated=False)
        return await calibrate(self.session, judging, self.number, section.anchors)

    async def sample(self) -> JSON:
        """Several responses to every prompt, kept a window at a time."""
        session = self.session
        sampler: Sampler[Any] = await session.parts.get(
            "sampler", checkpoint=self.checkpoint, snapshots=self.snapshots()
        )
        return await sample(session, self.number, sampler, self.prompts)

    async def judge(self) -> JSON:
        """Propose pairs, judge them, and again until the pairing has seen enough."""
        session = self.session
        pairing: Pairing[Any] = await session.parts.get("pairing")
        judging = await session.judging("judge", self.judge_checkpoint)
        judging.temperature = self._stage_said("calibrate", "temperature") or 1.0
        await judge_proposed(session, self.number, self.prompts, pairing, judging)
        if session.gates:
            need_verdicts(session.ledger, self.number)
        settled = await judging.settle(self.number, "train")
        counts = session.ledger.counts(self.number)
        agreement, _ = session.ledger.agreement(self.number)
        summary = f"{counts['verdicts']} verdicts on {counts['pairs']} pairs"
        if agreement is not None:
            summary += f", agreement {agreement:.0%}"
        if counts["abstentions"]:
            summary += f", {counts['abstentions']} abstentions"
        if judging.saved:
            summary += f", {judging.saved} saved by adaptive voting"
        if judging.gated:
            summary += f", {judging.gated} pairs decided by the gate"
        told: JSON = {"saved": judging.saved, "gated": judging.gated}
        measured = measure_judge(session.ledger, self.number)
        return {"summary": summary, **told, "settled": settled, "judge": measured}

    async def select(self) -> JSON:
        """Rank, select training pairs, filter; every pair left out keeps its reason."""
        session = self.session
        pairing: Pairing[Any] = await session.parts.get("pairing")

        def candidates() -> Iterator[Preference | Loss]:
            for prompt in self.prompts:
                drawn = session.ledger.responses_of(prompt.id, self.number, "train")
                found, lost = self._select(prompt, drawn, pairing)
                yield from found
                for reason, count in lost.items():
                    yield Loss(prompt.id, reason, count)

        return await keep(session, self.number, candidates(), self.mixed)

    def mixed(self, own: AbstractSet[str]) -> list[Preference]:
        """Preferences of earlier rounds, so many that they are the recipe's share of all.

        Args:
            own: Ids of the round's own preferences.
        """
        share = self.session.recipe.file.rounds.mix
        earlier = [
            row.preference
            for number in range(self.number)
            for row in self.session.ledger.candidates(number)
            if not row.reason and row.preference.id not in own
        ]
        wanted = min(len(earlier), round(share / (1.0 - share) * len(own)))
        rng = Context(seed=self.session.recipe.file.seed).rng("mix", self.number)
        return rng.sample(earlier, wanted)

    def snapshots(self) -> list[str | None]:
        """Weights of the earlier policies that sample beside the newest one, newest first."""
        wanted = self.session.recipe.file.rounds.snapshots - 1
        earlier = [Round(self.session, n).checkpoint for n in range(self.number - 1, -1, -1)]
        return earlier[:wanted]

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

    def heldout(self) -> frozenset[str]:
        """Training prompts whose preferences only measure the reward model."""
        file = self.session.recipe.file
        limit = int(file.heldout_share * 16**8)
        return frozenset(
            one.id
            for one in self.prompts
            if int(digest("heldout", file.seed, one.id)[:8], 16) < limit
        )
