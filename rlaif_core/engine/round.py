"""The state of one round, shared by its stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlaif_core.api.records import Prompt, digest
from rlaif_core.data.pairs import GivenPairs
from rlaif_core.engine.session import Session


class Round:
    """One pass from prompts to a new policy.

    Args:
        session: The open run.
        number: From 0.
        prompts: The prompts of this round.
        given: Pairs to judge instead of sampled responses, if the user brought some.
    """

    def __init__(
        self,
        session: Session,
        number: int,
        prompts: Sequence[Prompt] = (),
        given: GivenPairs | None = None,
    ) -> None:
        self.session = session
        self.number = number
        self.prompts = prompts
        self.given = given

    @property
    def labels(self) -> bool:
        """True if pairs are judged: given ones, or those that a pairing proposes."""
        return self.given is not None or self.session.recipe.file.pairing is not None

    @property
    def previous(self) -> Round:
        """The round before."""
        return Round(self.session, self.number - 1)

    @property
    def checkpoint(self) -> str | None:
        """The weights this round starts from: the last round's policy, or None for the base."""
        if self.number == 0 or not self.session.components.has("optimizer"):
            return None
        return str(self.session.folder.of_round(self.number - 1, "policy"))

    @property
    def snapshots(self) -> list[str | None]:
        """Weights of the earlier policies that sample beside the newest one, newest first."""
        wanted = self.session.recipe.file.rounds.snapshots - 1
        earlier = [Round(self.session, n).checkpoint for n in range(self.number - 1, -1, -1)]
        return earlier[:wanted]

    @property
    def judge_checkpoint(self) -> str | None:
        """The weights of a judge that asks the policy: this round's, unless it was frozen."""
        if self.number == 0:
            return None
        frozen = self.stage_result("guards", "frozen")
        previous = self.previous
        return previous.judge_checkpoint if frozen or previous.frozen else self.checkpoint

    @property
    def frozen(self) -> bool:
        """True once a guard has tripped, in this round or before: an older judge judges."""
        if self.number < 0:
            return False
        return bool(self.stage_result("guards", "frozen")) or self.previous.frozen

    def stage_result(self, stage: str, figure: str) -> Any:
        """A figure of a finished stage of this round; None if there is none."""
        _, figures, done = self.session.ledger.stage(self.number, stage)
        return figures.get(figure) if done else None

    @property
    def heldout(self) -> frozenset[str]:
        """Training prompts whose preferences only measure the reward model, by id."""
        file = self.session.recipe.file
        limit = int(file.heldout_share * 16**8)
        return frozenset(
            prompt.id
            for prompt in self.prompts
            if int(digest("heldout", file.seed, prompt.id)[:8], 16) < limit
        )
