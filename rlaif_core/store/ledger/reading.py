"""Counts, stages and records of a run, read from its ledger beside a running writer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar

from rlaif_core.api.records import Abstention, JudgedPair, Order, Prompt, Response, Verdict, Vote
from rlaif_core.store.ledger.answers import Answers
from rlaif_core.store.ledger.listing import RESPONSE, Listing
from rlaif_core.store.ledger.records import Cost, StageRecord

LAST_ROW = 2**63 - 1
"""The greatest row id of SQLite."""


class Reader(Answers):
    """Questions to a ledger."""

    schema: ClassVar[tuple[str, ...]] = ("calls.sql", "run.sql")
    option: ClassVar[str] = "--run-dir"

    @cached_property
    def rows(self) -> Listing:
        """Its rows, in pages."""
        return Listing(self._read)

    def meta(self, key: str) -> str | None:
        """One fact about the run."""
        return next((row[0] for row in self._read("SELECT value FROM meta WHERE key=?", key)), None)

    def cost(self, after: int = 0, until: int = LAST_ROW) -> Cost:
        """Cost of the answered calls with a number above `after` up to `until`."""
        total = next(
            self._read(
                "SELECT count(*), total(prompt_tokens), total(completion_tokens), total(usd)"
                " FROM calls WHERE attempts>0 AND rowid>? AND rowid<=?",
                after,
                until,
            )
        )
        cached = int(self.meta("cached") or 0)
        return Cost(int(total[0]), cached, int(total[1]), int(total[2]), float(total[3]))

    def last_call(self) -> int:
        """The number of the newest answered call; 0 if there is none."""
        return int(next(self._read("SELECT coalesce(max(rowid), 0) FROM calls"))[0])

    def rounds(self) -> list[int]:
        """Every round that has left a trace."""
        query = (
            "SELECT round FROM stages UNION SELECT round FROM responses"
            " UNION SELECT round FROM judged ORDER BY round"
        )
        return [number for (number,) in self._read(query)]

    def prompts(self, split: str) -> list[Prompt]:
        """A split's prompts, in their order."""
        return list(self.rows.prompts(split))

    def responses(self, round_index: int, split: str) -> dict[str, list[Response]]:
        """A round's responses by prompt id, in their order."""
        found: dict[str, list[Response]] = {}
        query = (
            "SELECT prompt_id, record FROM responses WHERE round=? AND split=?"
            " ORDER BY prompt_id, position"
        )
        for prompt_id, text in self._read(query, round_index, split):
            found.setdefault(prompt_id, []).append(RESPONSE.validate_json(text))
        return found

    def votes(
        self, round_index: int, split: str, prompt_id: str
    ) -> dict[tuple[str, str], dict[tuple[Order, int], Verdict]]:
        """One prompt's verdicts: by (a, b), then by (order, vote)."""
        found: dict[tuple[str, str], dict[tuple[Order, int], Verdict]] = {}
        query = (
            'SELECT a, b, "order", vote, p_first, abstention, detail, explanation, confidence'
            ' FROM votes WHERE round=? AND split=? AND prompt_id=? ORDER BY a, b, "order", vote'
        )
        for a, b, order, vote, p, why, detail, explanation, confidence in self._read(
            query, round_index, split, prompt_id
        ):
            reason = Abstention(why) if why else None
            verdict = Verdict(p, reason, detail, explanation, confidence)
            found.setdefault((a, b), {})[(order, vote)] = verdict
        return found

    def judged_pairs(
        self, round_index: int, split: str, prompt: Prompt, responses: Mapping[str, Response]
    ) -> list[JudgedPair]:
        """One prompt's judged pairs, given its responses by id."""
        votes = self.votes(round_index, split, prompt.id)
        query = (
            "SELECT a, b, p_a, agreement FROM judged WHERE round=? AND split=? AND prompt_id=?"
            " ORDER BY a, b"
        )
        return [
            JudgedPair(
                prompt,
                responses[a],
                responses[b],
                tuple(Vote(o, i, v) for (o, i), v in votes.get((a, b), {}).items()),
                p_a,
                agreement,
            )
            for a, b, p_a, agreement in self._read(query, round_index, split, prompt.id)
        ]

    def judged(self, round_index: int, split: str = "train") -> Iterator[JudgedPair]:
        """A round's judged pairs, one prompt at a time."""
        train = split == "train"
        policies = ((round_index, "after"), (round_index - 1, "after"), (0, "before"))
        drawn = ((round_index, "train"),) if train else policies
        for prompt in self.rows.prompts("train" if train else "heldout"):
            many = (self.rows.responses_to(prompt.id, *place) for place in drawn)
            by_id = {response.id: response for response in chain.from_iterable(many)}
            yield from self.judged_pairs(round_index, split, prompt, by_id)

    def decided(self, round_index: int) -> Iterator[tuple[str, str, str]]:
        """(prompt id, a, b) of the training pairs on which the judge decided."""
        query = (
            "SELECT prompt_id, a, b FROM judged WHERE round=? AND split='train' AND p_a IS NOT NULL"
        )
        return self._read(query, round_index)

    def counts(self, round_index: int, split: str = "train") -> dict[str, int]:
        """Counts of responses, pairs, verdicts and abstentions of a round."""
        responses = next(
            self._read(
                "SELECT count(*) FROM responses WHERE round=? AND split=?", round_index, split
            )
        )[0]
        pairs = next(
            self._read("SELECT count(*) FROM judged WHERE round=? AND split=?", round_index, split)
        )[0]
        asked, abstained = next(
            self._read(
                "SELECT count(*), count(abstention) FROM votes WHERE round=? AND split=?",
                round_index,
                split,
            )
        )
        return {
            "responses": responses,
            "pairs": pairs,
            "comparisons": asked,
            "verdicts": asked - abstained,
            "abstentions": abstained,
        }

    def abstentions(self, round_index: int, split: str = "train") -> dict[str, int]:
        """Number of abstentions by reason."""
        query = (
            "SELECT abstention, count(*) FROM votes WHERE round=? AND split=?"
            " AND abstention IS NOT NULL GROUP BY abstention ORDER BY 2 DESC"
        )
        return dict(self._read(query, round_index, split))

    def abstention_detail(self, round_index: int, split: str, reason: str) -> str:
        """The detail of one abstention with this reason; empty if none has any."""
        query = (
            "SELECT detail FROM votes WHERE round=? AND split=? AND abstention=? AND detail<>''"
            " LIMIT 1"
        )
        return next((row[0] for row in self._read(query, round_index, split, reason)), "")

    def agreement(self, round_index: int, split: str = "train") -> tuple[float | None, int]:
        """Agreement of the votes on a pair, and the number of pairs with several.

        Returns:
            The mean share of votes on the majority's side, None without such a pair, and the
            number of pairs with two votes or more that took a side: a tie takes none, and a vote
            alone agrees with itself.
        """
        query = (
            "SELECT avg(1.0 * max(for_a, sided - for_a) / sided), count(*) FROM ("
            "SELECT sum((p_first > 0.5) = (\"order\" = 'ab')) AS for_a, count(*) AS sided"
            " FROM votes WHERE round=? AND split=? AND p_first <> 0.5"
            " GROUP BY prompt_id, a, b HAVING count(*) > 1)"
        )
        mean, pairs = next(self._read(query, round_index, split))
        return mean, pairs

    def drops(self, round_index: int) -> dict[str, int]:
        """Number of candidate preferences dropped, by reason."""
        query = (
            "SELECT reason, count(*) FROM preferences WHERE round=? AND reason<>''"
            " GROUP BY reason ORDER BY 2 DESC, 1"
        )
        return dict(self._read(query, round_index))

    def kept(self, round_index: int) -> int:
        """Number of preferences that a round kept."""
        query = "SELECT count(*) FROM preferences WHERE round=? AND reason=''"
        return int(next(self._read(query, round_index))[0])

    def stages(self) -> list[StageRecord]:
        """Every stage begun, round by round."""
        query = "SELECT round, stage, seconds, figures, done FROM stages ORDER BY round"
        return [
            StageRecord(round_index, stage, seconds, json.loads(figures), bool(done))
            for round_index, stage, seconds, figures, done in self._read(query)
        ]

    def stage(self, round_index: int, stage: str) -> tuple[float, dict[str, Any], bool]:
        """(seconds, figures, done) of one stage; (0, {}, False) if it never began."""
        for number, name, seconds, figures, done in self.stages():
            if (number, name) == (round_index, stage):
                return seconds, figures, done
        return 0.0, {}, False
