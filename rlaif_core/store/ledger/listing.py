"""The rows of a run, streamed in the order of their keys, from any key on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from rlaif_core.api.records import (
    Abstention,
    JudgedPair,
    Preference,
    Prompt,
    Response,
    Verdict,
    Vote,
)
from rlaif_core.store.ledger.answers import REPLY, Answers
from rlaif_core.store.ledger.records import (
    CandidateOutline,
    CastVote,
    Kept,
    ModelCall,
    PairKey,
    PairLabel,
    PairOutline,
    VoteKey,
    VoteOutline,
)

Value = TypeVar("Value")

PROMPT = TypeAdapter(Prompt)
RESPONSE = TypeAdapter(Response)

NO_VOTE: VoteKey = ("", "", "", "", -1)


class Listing(Answers):
    """The rows of a ledger: those behind the key `after`, at most `limit` (None: all)."""

    def prompt_page(
        self, split: str, offset: int = 0, limit: int | None = None
    ) -> Iterator[Prompt]:
        """A split's prompts, in their order."""
        query = "SELECT record FROM prompts WHERE split=? AND position>=? ORDER BY position LIMIT ?"
        rows = self._read(query, split, offset, -1 if limit is None else limit)
        return (PROMPT.validate_json(text) for (text,) in rows)

    def prompts_among(self, split: str, ids: Collection[str]) -> Iterator[Prompt]:
        """The prompts of a split that have one of these ids, in their order."""
        query = "SELECT id, record FROM prompts WHERE split=? ORDER BY position"
        rows = self._read(query, split)
        return (PROMPT.validate_json(text) for id_, text in rows if id_ in ids)

    def responses_of(self, prompt_id: str, round_index: int, split: str) -> list[Response]:
        """A round's responses to one prompt, in their order."""
        query = (
            "SELECT record FROM responses WHERE round=? AND split=? AND prompt_id=?"
            " ORDER BY position"
        )
        rows = self._read(query, round_index, split, prompt_id)
        return [RESPONSE.validate_json(text) for (text,) in rows]

    def response_page(
        self, round_index: int, split: str, after: str = "", limit: int | None = None
    ) -> Iterator[Response]:
        """The responses to `limit` prompts, by prompt id, each prompt's in their order."""
        query = (
            "SELECT prompt_id, record FROM responses WHERE round=? AND split=? AND prompt_id>?"
            " ORDER BY prompt_id, position"
        )
        prompts = groupby(self._read(query, round_index, split, after), itemgetter(0))
        for _, rows in islice(prompts, limit):
            yield from (RESPONSE.validate_json(text) for _, text in rows)

    def judged_responses(self, round_index: int, split: str, start: str = "") -> Iterator[Response]:
        """The responses that a judged split compares, by prompt id from `start` on.

        They are those drawn in the round or, of the split "evaluation", the held-out ones of the
        base, of the last round's policy and of the round's own.
        """
        drawn = "round=?1 AND split='train'"
        heldout = "(round IN (?1, ?1 - 1) AND split='after' OR round=0 AND split='before')"
        where = heldout if split == "evaluation" else drawn
        query = f"SELECT record FROM responses WHERE {where} AND prompt_id>=?2 ORDER BY prompt_id"
        return (RESPONSE.validate_json(text) for (text,) in self._read(query, round_index, start))

    def writers(self, round_index: int, split: str) -> dict[str, str]:
        """The identity of the model that wrote each of a round's responses, by response id."""
        query = (
            "SELECT id, json_extract(record, '$.model') FROM responses WHERE round=? AND split=?"
        )
        return {id_: model or "" for id_, model in self._read(query, round_index, split)}

    def pairs(
        self,
        round_index: int,
        split: str,
        after: PairKey = ("", "", ""),
        limit: int | None = None,
    ) -> Iterator[PairOutline]:
        """A round's pairs with their votes, without texts."""
        query = (
            'SELECT prompt_id, a, b, p_a, agreement, "order", vote, p_first'
            " FROM votes LEFT JOIN judged USING (round, split, prompt_id, a, b)"
            " WHERE round=? AND split=? AND (prompt_id, a, b) > (?,?,?)"
            ' ORDER BY prompt_id, a, b, "order", vote'
        )
        rows = self._read(query, round_index, split, *after)
        grouped = groupby(rows, itemgetter(0, 1, 2, 3, 4))
        for (prompt_id, a, b, p_a, agreement), of_pair in islice(grouped, limit):
            votes = tuple(VoteOutline._make(row[5:]) for row in of_pair)
            yield PairOutline(prompt_id, a, b, p_a, agreement, votes)

    def cast_votes(
        self,
        round_index: int,
        split: str,
        after: VoteKey = NO_VOTE,
        limit: int | None = None,
        explained: Sequence[str] = ("",),
    ) -> Iterator[CastVote]:
        """A round's votes with their texts, whose explanations begin with one of `explained`."""
        begins = " OR ".join(["substr(explanation, 1, length(?)) = ?"] * len(explained))
        query = (
            'SELECT prompt_id, a, b, "order", vote, p_first, abstention, detail, explanation,'
            " confidence FROM votes WHERE round=? AND split=?"
            f' AND (prompt_id, a, b, "order", vote) > (?,?,?,?,?) AND ({begins})'
            ' ORDER BY prompt_id, a, b, "order", vote LIMIT ?'
        )
        twice = [text for start in explained for text in (start, start)]
        bound = [*after, *twice, -1 if limit is None else limit]
        for prompt_id, a, b, order, index, p, why, *details in self._read(
            query, round_index, split, *bound
        ):
            verdict = Verdict(p, Abstention(why) if why else None, *details)
            yield CastVote(prompt_id, a, b, Vote(order, index, verdict))

    def votes_on(self, round_index: int, split: str, pair: PairKey) -> list[Vote]:
        """One pair's votes with their texts, both orders of an index together."""
        query = (
            'SELECT "order", vote, p_first, abstention, detail, explanation, confidence FROM votes'
            ' WHERE round=? AND split=? AND prompt_id=? AND a=? AND b=? ORDER BY vote, "order"'
        )
        return [
            Vote(order, index, Verdict(p, Abstention(why) if why else None, *details))
            for order, index, p, why, *details in self._read(query, round_index, split, *pair)
        ]

    def judged_page(
        self,
        round_index: int,
        split: str,
        after: PairKey = ("", "", ""),
        limit: int | None = None,
    ) -> Iterator[JudgedPair]:
        """A round's pairs whose votes are combined, with all texts, as far as those are kept."""
        prompts = self._prompts_by_id("heldout" if split == "evaluation" else "train", after[0])
        by_prompt = groupby(
            self.judged_responses(round_index, split, after[0]), attrgetter("prompt_id")
        )
        responses = _Ascending(by_prompt)

        def judged() -> Iterator[JudgedPair]:
            for id_, of_prompt in groupby(
                self.pairs(round_index, split, after), attrgetter("prompt_id")
            ):
                prompt = prompts.at(id_)
                known = {response.id: response for response in responses.at(id_) or ()}
                for pair in of_prompt:
                    a, b = known.get(pair.a), known.get(pair.b)
                    if prompt and a and b and pair.agreement is not None:
                        votes = tuple(self.votes_on(round_index, split, pair.key))
                        yield JudgedPair(prompt, a, b, votes, pair.p_a, pair.agreement)

        return islice(judged(), limit)

    def labels(self, round_index: int, split: str) -> Iterator[PairLabel]:
        """A round's decided pairs; one that was proposed both ways round stands twice."""
        query = (
            "SELECT prompt_id, min(a, b), max(a, b), CASE WHEN a < b THEN p_a ELSE 1.0 - p_a END"
            " FROM judged WHERE round=? AND split=? AND p_a IS NOT NULL ORDER BY 1, 2, 3"
        )
        return map(PairLabel._make, self._read(query, round_index, split))

    def candidate_outlines(
        self, round_index: int, after: tuple[str, str] = ("", ""), limit: int | None = None
    ) -> Iterator[CandidateOutline]:
        """Every candidate preference of a round with its fate, without texts."""
        query = (
            "SELECT id, prompt_id, chosen, rejected, p_chosen, agreement, votes, confidence, stage,"
            " reason FROM preferences WHERE round=? AND (prompt_id, id) > (?,?)"
            " ORDER BY prompt_id, id LIMIT ?"
        )
        rows = self._read(query, round_index, *after, -1 if limit is None else limit)
        return (CandidateOutline(*row) for row in rows)

    def candidates(
        self, round_index: int, after: tuple[str, str] = ("", ""), limit: int | None = None
    ) -> Iterator[Kept]:
        """Every candidate preference of a round with its fate."""
        prompts = self._prompts_by_id("train", after[0])
        outlines = self.candidate_outlines(round_index, after, limit)
        for id_, of_prompt in groupby(outlines, attrgetter("prompt_id")):
            prompt = prompts.at(id_)
            assert prompt is not None, f"{self.path}: no prompt {id_}"
            known = {
                response.id: response for response in self.responses_of(id_, round_index, "train")
            }
            for row in of_prompt:
                chosen, rejected = known[row.chosen], known[row.rejected]
                figures = row.p_chosen, row.agreement, row.votes, row.confidence
                yield Kept(Preference(prompt, chosen, rejected, *figures), row.stage, row.reason)

    def calls(
        self, after: int = 0, limit: int | None = None, model: str | None = None
    ) -> Iterator[ModelCall]:
        """Answered calls, in the order in which they were answered."""
        query = (
            "SELECT rowid, key, model, request, reply, usd, seconds, attempts, at FROM calls"
            " WHERE rowid>? AND (? IS NULL OR model=?) ORDER BY rowid LIMIT ?"
        )
        rows = self._read(query, after, model, model, -1 if limit is None else limit)
        for number, key, name, request, reply, *rest in rows:
            yield ModelCall(number, key, name, request, REPLY.validate_json(reply), *rest)

    def _prompts_by_id(self, split: str, start: str) -> _Ascending[Prompt]:
        query = "SELECT id, record FROM prompts WHERE split=? AND id>=? ORDER BY id"
        rows = self._read(query, split, start)
        return _Ascending((id_, PROMPT.validate_json(text)) for id_, text in rows)


class _Ascending(Generic[Value]):
    """Looks up ascending keys in a stream sorted by key, of which it holds one entry."""

    def __init__(self, entries: Iterable[tuple[str, Value]]) -> None:
        self._entries = iter(entries)
        self._next = next(self._entries, None)

    def at(self, key: str) -> Value | None:
        """The value at a key that is not below the last one asked for; None if there is none."""
        # SQLite sorts UTF-8 by bytes, which is Python's order of code points.
        while self._next is not None and self._next[0] < key:
            self._next = next(self._entries, None)
        return self._next[1] if self._next is not None and self._next[0] == key else None
