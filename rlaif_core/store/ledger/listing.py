"""The rows of a run, streamed in the order of their keys, from any key on."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar

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
from rlaif_core.store.ledger.answers import REPLY
from rlaif_core.store.ledger.records import (
    CallFailure,
    CandidateOutline,
    CastVote,
    Kept,
    ModelCall,
    ModelUsage,
    PairKey,
    PairLabel,
    PairOutline,
    ReasonCount,
    TrainingStep,
    VoteKey,
    VoteOutline,
)

Value = TypeVar("Value")

PROMPT = TypeAdapter(Prompt)
RESPONSE = TypeAdapter(Response)

TRAIN = "train"
FIRST_PAIR: PairKey = ("", "", "")
FIRST_VOTE: VoteKey = ("", "", "", "", -1)


class Listing:
    """The rows of a ledger: those behind the key `after`, at most `limit` (None: all).

    Args:
        read: Runs an SQL query with its values, and yields its rows.
    """

    def __init__(self, read: Callable[..., Iterator[Any]]) -> None:
        self.read = read

    def prompts(
        self,
        split: str = TRAIN,
        *,
        offset: int = 0,
        limit: int | None = None,
        ids: Collection[str] | None = None,
    ) -> Iterator[Prompt]:
        """Prompts in their order: a page of them, or all with one of these ids."""
        if ids is not None:
            query = "SELECT id, record FROM prompts WHERE split=? ORDER BY position"
            rows = self.read(query, split)
            return (PROMPT.validate_json(text) for id_, text in rows if id_ in ids)
        query = "SELECT record FROM prompts WHERE split=? AND position>=? ORDER BY position LIMIT ?"
        rows = self.read(query, split, offset, _sql(limit))
        return (PROMPT.validate_json(text) for (text,) in rows)

    def responses(
        self, round_index: int, split: str = TRAIN, *, after: str = "", limit: int | None = None
    ) -> Iterator[Response]:
        """The responses to `limit` prompts, by prompt id; `after` is a prompt id."""
        query = (
            "SELECT prompt_id, record FROM responses WHERE round=? AND split=? AND prompt_id>?"
            " ORDER BY prompt_id, position"
        )
        prompts = groupby(self.read(query, round_index, split, after), itemgetter(0))
        for _, rows in islice(prompts, limit):
            yield from (RESPONSE.validate_json(text) for _, text in rows)

    def responses_to(self, prompt_id: str, round_index: int, split: str = TRAIN) -> list[Response]:
        """The responses to one prompt, in their order."""
        query = (
            "SELECT record FROM responses WHERE round=? AND split=? AND prompt_id=?"
            " ORDER BY position"
        )
        rows = self.read(query, round_index, split, prompt_id)
        return [RESPONSE.validate_json(text) for (text,) in rows]

    def judged_responses(
        self, round_index: int, split: str = TRAIN, *, start: str = ""
    ) -> Iterator[Response]:
        """The responses that the pairs of a judged split are of, by prompt id from `start` on.

        Of the split "evaluation" they are the held-out ones of the base, of the last round's
        policy and of the round's own.
        """
        drawn = "round=?1 AND split='train'"
        heldout = "(round IN (?1, ?1 - 1) AND split='after' OR round=0 AND split='before')"
        where = heldout if split == "evaluation" else drawn
        query = f"SELECT record FROM responses WHERE {where} AND prompt_id>=?2 ORDER BY prompt_id"
        return (RESPONSE.validate_json(text) for (text,) in self.read(query, round_index, start))

    def authors(self, round_index: int, split: str = TRAIN) -> dict[str, str]:
        """The identity of the model that wrote each response, by response id."""
        query = (
            "SELECT id, json_extract(record, '$.model') FROM responses WHERE round=? AND split=?"
        )
        return {id_: model or "" for id_, model in self.read(query, round_index, split)}

    def pairs(
        self,
        round_index: int,
        split: str = TRAIN,
        *,
        after: PairKey = FIRST_PAIR,
        limit: int | None = None,
    ) -> Iterator[PairOutline]:
        """Pairs and their votes without texts, by `PairOutline.key`."""
        query = (
            'SELECT prompt_id, a, b, p_a, agreement, "order", vote, p_first'
            " FROM votes LEFT JOIN judged USING (round, split, prompt_id, a, b)"
            " WHERE round=? AND split=? AND (prompt_id, a, b) > (?,?,?)"
            ' ORDER BY prompt_id, a, b, "order", vote'
        )
        rows = self.read(query, round_index, split, *after)
        grouped = groupby(rows, itemgetter(0, 1, 2, 3, 4))
        for (prompt_id, a, b, p_a, agreement), of_pair in islice(grouped, limit):
            votes = tuple(VoteOutline._make(row[5:]) for row in of_pair)
            yield PairOutline(prompt_id, a, b, p_a, agreement, votes)

    def judged(
        self,
        round_index: int,
        split: str = TRAIN,
        *,
        after: PairKey = FIRST_PAIR,
        limit: int | None = None,
    ) -> Iterator[JudgedPair]:
        """Pairs whose votes are combined, with all texts, in the order of `pairs`.

        A pair is left out if the ledger does not hold its prompt or one of its responses.
        """
        prompts = self._prompts_by_id("heldout" if split == "evaluation" else "train", after[0])
        drawn = self.judged_responses(round_index, split, start=after[0])
        responses = _Ascending(groupby(drawn, attrgetter("prompt_id")))

        def judged() -> Iterator[JudgedPair]:
            outlines = self.pairs(round_index, split, after=after)
            for id_, of_prompt in groupby(outlines, attrgetter("prompt_id")):
                prompt = prompts.at(id_)
                known = {response.id: response for response in responses.at(id_) or ()}
                for pair in of_prompt:
                    a, b = known.get(pair.a), known.get(pair.b)
                    if prompt and a and b and pair.agreement is not None:
                        votes = tuple(self.votes_on(pair.key, round_index, split))
                        yield JudgedPair(prompt, a, b, votes, pair.p_a, pair.agreement)

        return islice(judged(), limit)

    def votes(
        self,
        round_index: int,
        split: str = TRAIN,
        *,
        after: VoteKey = FIRST_VOTE,
        limit: int | None = None,
        explained: Sequence[str] = ("",),
    ) -> Iterator[CastVote]:
        """Votes with their texts, by `CastVote.key`.

        Args:
            round_index: From 0.
            split: As for `pairs`.
            after: The key of the last vote of the page before.
            limit: Votes, at most.
            explained: Only votes whose explanation begins with one of these.
        """
        begins = " OR ".join(["substr(explanation, 1, length(?)) = ?"] * len(explained))
        query = (
            'SELECT prompt_id, a, b, "order", vote, p_first, abstention, detail, explanation,'
            " confidence FROM votes WHERE round=? AND split=?"
            f' AND (prompt_id, a, b, "order", vote) > (?,?,?,?,?) AND ({begins})'
            ' ORDER BY prompt_id, a, b, "order", vote LIMIT ?'
        )
        twice = [text for start in explained for text in (start, start)]
        rows = self.read(query, round_index, split, *after, *twice, _sql(limit))
        for prompt_id, a, b, order, index, p, why, *texts in rows:
            verdict = Verdict(p, Abstention(why) if why else None, *texts)
            yield CastVote(prompt_id, a, b, Vote(order, index, verdict))

    def votes_on(self, pair: PairKey, round_index: int, split: str = TRAIN) -> list[Vote]:
        """One pair's votes with their texts, both orders of an index together."""
        query = (
            'SELECT "order", vote, p_first, abstention, detail, explanation, confidence FROM votes'
            ' WHERE round=? AND split=? AND prompt_id=? AND a=? AND b=? ORDER BY vote, "order"'
        )
        return [
            Vote(order, index, Verdict(p, Abstention(why) if why else None, *texts))
            for order, index, p, why, *texts in self.read(query, round_index, split, *pair)
        ]

    def labels(self, round_index: int, split: str = TRAIN) -> Iterator[PairLabel]:
        """Decided pairs by the ids of their responses; see `rlaif_core.runs.in_common`.

        A pair that was proposed both ways round stands twice.
        """
        query = (
            "SELECT prompt_id, min(a, b), max(a, b), CASE WHEN a < b THEN p_a ELSE 1.0 - p_a END"
            " FROM judged WHERE round=? AND split=? AND p_a IS NOT NULL ORDER BY 1, 2, 3"
        )
        return map(PairLabel._make, self.read(query, round_index, split))

    def candidates(
        self, round_index: int, *, after: tuple[str, str] = ("", ""), limit: int | None = None
    ) -> Iterator[CandidateOutline]:
        """Candidate preferences with their fates but without texts, in the order of `preferences`.

        Their `key` is what `after` takes.
        """
        query = (
            "SELECT id, prompt_id, chosen, rejected, p_chosen, agreement, votes, confidence, stage,"
            " reason FROM preferences WHERE round=? AND (prompt_id, id) > (?,?)"
            " ORDER BY prompt_id, id LIMIT ?"
        )
        rows = self.read(query, round_index, *after, _sql(limit))
        return (CandidateOutline(*row) for row in rows)

    def preferences(
        self, round_index: int, *, after: tuple[str, str] = ("", ""), limit: int | None = None
    ) -> Iterator[Kept]:
        """Candidate preferences with their fates, by prompt id, then by id."""
        prompts = self._prompts_by_id("train", after[0])
        outlines = self.candidates(round_index, after=after, limit=limit)
        for id_, of_prompt in groupby(outlines, attrgetter("prompt_id")):
            prompt = prompts.at(id_)
            assert prompt is not None, f"no prompt {id_}"
            known = {response.id: response for response in self.responses_to(id_, round_index)}
            for row in of_prompt:
                chosen, rejected = known[row.chosen], known[row.rejected]
                figures = row.p_chosen, row.agreement, row.votes, row.confidence
                yield Kept(Preference(prompt, chosen, rejected, *figures), row.stage, row.reason)

    def excluded(self, round_index: int) -> list[ReasonCount]:
        """Responses and pairs that yielded no candidate preference, by stage and reason."""
        query = "SELECT stage, reason, sum(count) FROM losses WHERE round=? GROUP BY stage, reason"
        return [ReasonCount(stage, why, int(n)) for stage, why, n in self.read(query, round_index)]

    def dropped(self, round_index: int) -> list[ReasonCount]:
        """Candidate preferences that were dropped, by filter and reason, most frequent first."""
        query = (
            "SELECT stage, reason, count(*) FROM preferences WHERE round=? AND reason<>''"
            " GROUP BY stage, reason ORDER BY 3 DESC, 1, 2"
        )
        return list(map(ReasonCount._make, self.read(query, round_index)))

    def trained(self) -> list[tuple[int, str]]:
        """(round_index, stage) of everything that kept training steps."""
        query = "SELECT DISTINCT round, stage FROM training ORDER BY round, stage"
        return [(number, stage) for number, stage in self.read(query)]

    def training(self, round_index: int, stage: str) -> list[TrainingStep]:
        """The steps that "reward_model" or "optimize" kept, in their order."""
        query = "SELECT step, figures FROM training WHERE round=? AND stage=? ORDER BY step"
        rows = self.read(query, round_index, stage)
        return [TrainingStep(step, json.loads(text)) for step, text in rows]

    def calls(
        self, *, after: int = 0, limit: int | None = None, model: str | None = None
    ) -> Iterator[ModelCall]:
        """Answered model calls, of one model or all, by `ModelCall.number`."""
        query = (
            "SELECT rowid, key, model, request, reply, usd, seconds, attempts, at FROM calls"
            " WHERE rowid>? AND (? IS NULL OR model=?) ORDER BY rowid LIMIT ?"
        )
        rows = self.read(query, after, model, model, _sql(limit))
        for number, key, name, request, reply, *rest in rows:
            yield ModelCall(number, key, name, request, REPLY.validate_json(reply), *rest)

    def usage(self) -> list[ModelUsage]:
        """Usage by model."""
        query = (
            "SELECT model, count(*), sum(prompt_tokens), sum(completion_tokens), sum(usd)"
            " FROM calls GROUP BY model ORDER BY model"
        )
        return list(map(ModelUsage._make, self.read(query)))

    def failures(self) -> list[CallFailure]:
        """Errors that ended calls for good, most frequent first."""
        query = "SELECT error, count(*) FROM failures GROUP BY error ORDER BY 2 DESC, 1"
        return list(map(CallFailure._make, self.read(query)))

    def _prompts_by_id(self, split: str, start: str) -> _Ascending[Prompt]:
        query = "SELECT id, record FROM prompts WHERE split=? AND id>=? ORDER BY id"
        rows = self.read(query, split, start)
        return _Ascending((id_, PROMPT.validate_json(text)) for id_, text in rows)


def _sql(limit: int | None) -> int:
    return -1 if limit is None else limit


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
