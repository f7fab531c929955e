"""What the report asks a ledger beyond what the engine does, without reading all its texts."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from rlaif_core.api.records import Abstention, Prompt, Response, Verdict, Vote
from rlaif_core.store.ledger import Reader
from rlaif_core.store.ledger.listing import PROMPT, RESPONSE

Fates = dict[tuple[str, frozenset[str]], tuple[str, str]]
"""(stage, reason) of each candidate preference, by its prompt and its two responses."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A pair and its votes without any text: enough to count it and to choose it.

    Attributes:
        prompt_id: The prompt.
        a: Id of the response proposed first.
        b: Id of the other.
        p_a: As in `JudgedPair`.
        agreement: As in `JudgedPair`; None if the votes were not added up yet.
        votes: (order, p_first) of every verdict asked for; p_first None is an abstention.
    """

    prompt_id: str
    a: str
    b: str
    p_a: float | None
    agreement: float | None
    votes: tuple[tuple[str, float | None], ...]

    @property
    def abstentions(self) -> int:
        """How many of the votes are abstentions."""
        return sum(p is None for _, p in self.votes)

    @property
    def sided(self) -> int:
        """How many of the votes took a side; a tie takes none."""
        return sum(p is not None and p != 0.5 for _, p in self.votes)

    @property
    def decided_by_people(self) -> bool:
        """Whether the votes alone could not add up to this: all agreed, and on no side."""
        return self.p_a == 0.5 and self.agreement == 1.0

    @property
    def inconsistent(self) -> bool:
        """Whether the two orders' mean verdicts are on different sides."""
        sides = set()
        for wanted in ("ab", "ba"):
            shown = [p for order, p in self.votes if order == wanted and p is not None]
            if shown:
                lean = sum(shown) / len(shown) - 0.5
                lean = lean if wanted == "ab" else -lean
                sides.add((lean > 0) - (lean < 0))
        return len(sides) > 1


class OutlineReader(Reader):
    """A ledger as the report reads it."""

    def outlines(self, round: int, split: str) -> Iterator[Outline]:
        """A round's pairs, one at a time."""
        query = (
            'SELECT prompt_id, a, b, p_a, agreement, "order", p_first'
            " FROM votes LEFT JOIN judged USING (round, split, prompt_id, a, b)"
            ' WHERE round=? AND split=? ORDER BY prompt_id, a, b, "order", vote'
        )
        rows = self.rows(query, round, split)
        for (prompt, a, b, p_a, agreement), votes in groupby(rows, itemgetter(0, 1, 2, 3, 4)):
            yield Outline(prompt, a, b, p_a, agreement, tuple((one[5], one[6]) for one in votes))

    def fates(self, round: int) -> Fates:
        """What became of each candidate preference of a round."""
        query = "SELECT prompt_id, chosen, rejected, stage, reason FROM preferences WHERE round=?"
        return {
            (prompt, frozenset((chosen, rejected))): (stage, reason)
            for prompt, chosen, rejected, stage, reason in self.rows(query, round)
        }

    def prompts_with(self, ids: Set[str], split: str) -> dict[str, Prompt]:
        """A split's prompts with these ids."""
        query = "SELECT id, record FROM prompts WHERE split=?"
        rows = self.rows(query, split)
        return {id: PROMPT.validate_json(record) for id, record in rows if id in ids}

    def response_ids(self, round: int, split: str) -> frozenset[str]:
        """Ids of a round's responses."""
        query = "SELECT id FROM responses WHERE round=? AND split=?"
        return frozenset(id for (id,) in self.rows(query, round, split))

    def authors(self, round: int, split: str) -> list[str]:
        """Identities of the models that wrote a round's responses."""
        query = (
            "SELECT DISTINCT json_extract(record, '$.model') FROM responses"
            " WHERE round=? AND split=? ORDER BY 1"
        )
        return [identity for (identity,) in self.rows(query, round, split) if identity]

    def responses_to(self, prompt_id: str, round: int, split: str) -> dict[str, Response]:
        """One prompt's responses by id."""
        query = "SELECT id, record FROM responses WHERE round=? AND split=? AND prompt_id=?"
        rows = self.rows(query, round, split, prompt_id)
        return {id: RESPONSE.validate_json(record) for id, record in rows}

    def votes_of(self, round: int, split: str, outline: Outline) -> list[Vote]:
        """One pair's votes, with all that was said."""
        query = (
            'SELECT "order", vote, p_first, abstention, detail, explanation, confidence FROM votes'
            ' WHERE round=? AND split=? AND prompt_id=? AND a=? AND b=? ORDER BY vote, "order"'
        )
        key = (round, split, outline.prompt_id, outline.a, outline.b)
        return [
            Vote(
                order,
                index,
                Verdict(p, Abstention(why) if why else None, detail, explanation, confidence),
            )
            for order, index, p, why, detail, explanation, confidence in self.rows(query, *key)
        ]
