"""Writing to the ledger: what was kept and committed is never asked again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rlaif_core.api.records import JudgedPair, Prompt, Response, Vote
from rlaif_core.store.ledger.listing import PROMPT, RESPONSE
from rlaif_core.store.ledger.reading import Reader
from rlaif_core.store.ledger.records import Kept


class Ledger(Reader):
    """Writes and reads `ledger.sqlite`."""

    def keep_failure(self, key: str, model: str, error: str, attempts: int) -> None:
        """Keep that a call failed for good."""
        row = (key, model, error, attempts, time.time())
        self._write("INSERT INTO failures VALUES (?,?,?,?,?)", [row])

    def keep_prompts(self, split: str, prompts: Sequence[Prompt], start: int = 0) -> None:
        """Keep a split's prompts from place `start` on, replacing what was there."""
        self._write("DELETE FROM prompts WHERE split = ? AND position >= ?", [(split, start)])
        self._write(
            "INSERT INTO prompts VALUES (?,?,?,?)",
            [
                (split, position, prompt.id, PROMPT.dump_json(prompt).decode())
                for position, prompt in enumerate(prompts, start)
            ],
        )

    def keep_responses(self, round_index: int, split: str, responses: Iterable[Response]) -> None:
        """Keep responses."""
        self._write(
            "INSERT OR REPLACE INTO responses VALUES (?,?,?,?,?,?)",
            [
                (
                    round_index,
                    split,
                    response.prompt_id,
                    response.index,
                    response.id,
                    RESPONSE.dump_json(response).decode(),
                )
                for response in responses
            ],
        )

    def keep_judged(self, round_index: int, split: str, pairs: Sequence[JudgedPair]) -> None:
        """Keep judged pairs with all their votes."""
        for pair in pairs:
            self.keep_votes(round_index, split, pair.prompt.id, pair.a.id, pair.b.id, pair.votes)
        self._write(
            "INSERT OR REPLACE INTO judged VALUES (?,?,?,?,?,?,?)",
            [
                (round_index, split, pair.prompt.id, pair.a.id, pair.b.id, pair.p_a, pair.agreement)
                for pair in pairs
            ],
        )

    def keep_votes(
        self, round_index: int, split: str, prompt_id: str, a: str, b: str, votes: Iterable[Vote]
    ) -> None:
        """Keep single verdicts on the pair of the responses with ids `a` and `b`."""
        self._write(
            "INSERT OR REPLACE INTO votes VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                (
                    round_index,
                    split,
                    prompt_id,
                    a,
                    b,
                    vote.order,
                    vote.index,
                    vote.verdict.p_first,
                    vote.verdict.abstention and vote.verdict.abstention.value,
                    vote.verdict.detail,
                    vote.verdict.explanation,
                    vote.verdict.confidence,
                )
                for vote in votes
            ],
        )

    def drop_preferences(self, round_index: int) -> None:
        """Forget a round's candidates: they are selected anew."""
        self._write("DELETE FROM preferences WHERE round = ?", [(round_index,)])

    def keep_preferences(self, round_index: int, rows: Iterable[Kept]) -> None:
        """Keep candidates and what became of them."""
        self._write(
            "INSERT OR REPLACE INTO preferences VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            [
                (
                    round_index,
                    row.preference.id,
                    row.preference.prompt.id,
                    row.preference.chosen.id,
                    row.preference.rejected.id,
                    row.preference.p_chosen,
                    row.preference.agreement,
                    row.preference.votes,
                    row.preference.confidence,
                    row.stage,
                    row.reason,
                )
                for row in rows
            ],
        )

    def keep_losses(self, round_index: int, rows: Iterable[tuple[str, str, str, int]]) -> None:
        """Keep (prompt id, stage, reason, count) of what never became a preference."""
        self._write(
            "INSERT OR REPLACE INTO losses VALUES (?,?,?,?,?)",
            [(round_index, *row) for row in rows],
        )

    def keep_stage(
        self,
        round_index: int,
        stage: str,
        seconds: float,
        figures: Mapping[str, Any],
        *,
        done: bool,
    ) -> None:
        """Keep that a stage ran for so long, and what it measured."""
        row = (round_index, stage, seconds, json.dumps(figures), int(done))
        self._write("INSERT OR REPLACE INTO stages VALUES (?,?,?,?,?)", [row])

    def keep_training(
        self, round_index: int, stage: str, step: int, figures: Mapping[str, float]
    ) -> None:
        """Keep one training step's figures."""
        row = (round_index, stage, step, json.dumps(figures))
        self._write("INSERT OR REPLACE INTO training VALUES (?,?,?,?)", [row])

    def set_meta(self, key: str, value: str) -> None:
        """Keep one fact about the run."""
        self._write("INSERT OR REPLACE INTO meta VALUES (?,?)", [(key, value)])
