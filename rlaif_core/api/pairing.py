"""Kind `pairings`: which responses to compare, and which comparisons to train on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlaif_core.api.component import Component, P
from rlaif_core.api.filter import JudgeFacts
from rlaif_core.api.records import JudgedPair, Prompt, Response

Pair = tuple[Response, Response]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranking of one prompt's responses from their verdicts.

    Attributes:
        prompt: The prompt.
        responses: Its responses.
        judged: Every pair judged so far, undecided ones (p_a None) included.
        strength: Bradley-Terry log-strength of each response id, mean 0; only responses that
            have a decided comparison.
    """

    prompt: Prompt
    responses: tuple[Response, ...]
    judged: tuple[JudgedPair, ...]
    strength: Mapping[str, float]

    def ordered(self) -> list[Response]:
        """Ranked responses, best first; equal strengths in the order of their ids."""
        ranked = [response for response in self.responses if response.id in self.strength]
        return sorted(ranked, key=lambda response: (-self.strength[response.id], response.id))

    def find(self, one: Response, other: Response) -> JudgedPair | None:
        """The judged pair of these two responses, in whichever order it was proposed."""
        wanted = {one.id, other.id}
        return next((pair for pair in self.judged if {pair.a.id, pair.b.id} == wanted), None)


class Pairing(Component[P]):
    """Proposes comparisons for one prompt, then selects its training pairs."""

    @abstractmethod
    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """The next pairs to judge, never a response with itself and no pair twice.

        Called again after each batch of verdicts until it returns none, so that a tournament
        can look at what it has learned; `ranking.judged` is empty on the first call.
        """

    @abstractmethod
    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """The pairs to train on, better response first."""

    def objection(self, judge: JudgeFacts) -> str | None:
        """Reason this pairing cannot work with that judge, and the fix; None if it can.

        Asked while a recipe is checked, before anything runs.
        """
        return None
