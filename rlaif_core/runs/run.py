"""`Run`: one run directory, read beside whoever writes it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from typing_extensions import Self

from rlaif_core.api.errors import RunError
from rlaif_core.api.records import JudgedPair, Prompt, Response, Vote
from rlaif_core.runs.files import read_json, read_text
from rlaif_core.store.ledger import Reader
from rlaif_core.store.ledger.records import (
    CallFailure,
    CandidateOutline,
    CastVote,
    Cost,
    Kept,
    ModelCall,
    ModelUsage,
    PairKey,
    PairLabel,
    PairOutline,
    ReasonCount,
    StageRecord,
    TrainingStep,
    VoteKey,
)
from rlaif_core.store.stage_costs import Spent, spent_by_stage

TRAIN = "train"
FIRST_PAIR: PairKey = ("", "", "")
FIRST_VOTE: VoteKey = ("", "", "", "", -1)


class Run:
    """A run directory, read-only.

    Rounds count from 0. Splits are "train" and "heldout" for prompts; "train", "before" (the
    base's held-out responses) and "after" (those of the round's policy) for responses; "train",
    "evaluation" (held-out pairs) and "second" (training pairs judged by a second judge) for votes
    and pairs.

    Iterators stream. To read a page, give `limit`, and as `after` the key of the last element of
    the page before. Every call sees what was committed when it began: of a run that goes on, later
    pages may hold more. Use an instance in the thread that opened it.

    Args:
        path: The run directory.
        ledger: Its ledger, which `close` closes; None if there is none, and then what stands in
            the ledger is empty.
    """

    def __init__(self, path: Path, ledger: Reader | None) -> None:
        self.path = path
        self.has_ledger = ledger is not None
        self._ledger = ledger or Reader(Path(":memory:"))

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a run directory: of `rlaif run`, `judge` or `compare`, finished or going on.

        Raises:
            RunError: If there is no run in it, or its ledger cannot be read.
        """
        folder = Path(path)
        ledger = folder / "ledger.sqlite"
        if ledger.is_file():
            return cls(folder, Reader(ledger, readonly=True))
        if not (folder / "metrics.json").is_file():
            raise RunError(
                f"{folder} is no run directory: it has neither metrics.json nor ledger.sqlite; "
                "name the --run-dir of a run"
            )
        return cls(folder, None)

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def metrics(self) -> Mapping[str, Any] | None:
        """metrics.json; None while a run goes on, or if it was stopped before its end."""
        return read_json(self.path / "metrics.json")

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """manifest.json; empty if there is none."""
        return read_json(self.path / "manifest.json") or {}

    @cached_property
    def recipe(self) -> str:
        """The text of recipe.yaml; empty if there is none."""
        return read_text(self.path / "recipe.yaml") or ""

    @cached_property
    def sections(self) -> Mapping[str, Any]:
        """The recipe as data; empty if it is no YAML mapping."""
        try:
            data = yaml.safe_load(self.recipe)
        except yaml.YAMLError:
            return {}
        return data if isinstance(data, Mapping) else {}

    @property
    def name(self) -> str:
        """The name that the recipe gives to the run, or else that of the directory."""
        return str(self.manifest.get("name") or self.sections.get("name") or self.path.name)

    def measured(self) -> dict[str, Any]:
        """Content of metrics.json if a run of `rlaif run` ended now, from its ledger."""
        from rlaif_core.metrics.run import run_metrics

        rounds = self.rounds()
        return run_metrics(self._ledger, rounds[-1] + 1 if rounds else 0)

    @property
    def is_comparison(self) -> bool:
        """True if `rlaif compare` made it: then its pairs are of policies."""
        return self._ledger.meta("contest") is not None

    def policy_names(self) -> dict[str, str]:
        """Names of the policies by the identity of their model: "base", "policy of round 0".

        A policy is known by the held-out responses it wrote. A round that changed nothing leaves
        the name that its policy had before. `rlaif compare` keeps what its user calls them.
        """
        names: dict[str, str] = json.loads(self._ledger.meta("policies") or "{}")
        names |= dict.fromkeys(self._authors(0, "before"), "base")
        for number in self.rounds():
            for identity in self._authors(number, "after"):
                names.setdefault(identity, f"policy of round {number}")
        return names

    def _authors(self, round_index: int, split: str) -> list[str]:
        return sorted(set(self.authors(round_index, split).values()) - {""})

    def rounds(self) -> list[int]:
        """Every round that has left a trace."""
        return self._ledger.rounds()

    def stages(self) -> list[StageRecord]:
        """Every stage begun, with its figures and seconds."""
        return self._ledger.stages()

    def stage(self, round_index: int, stage: str) -> StageRecord:
        """One stage; without figures and not done if it never began."""
        return StageRecord(round_index, stage, *self._ledger.stage(round_index, stage))

    def stage_costs(self) -> list[Spent]:
        """Spending of each stage, over all rounds."""
        return spent_by_stage(self._ledger)

    def cost(self) -> Cost:
        """Spending of the run on model calls."""
        return self._ledger.cost()

    def prompts(
        self,
        split: str = TRAIN,
        *,
        offset: int = 0,
        limit: int | None = None,
        ids: Collection[str] | None = None,
    ) -> Iterator[Prompt]:
        """Prompts in their order: a page of them, or all with one of these ids."""
        if ids is None:
            return self._ledger.prompt_page(split, offset, limit)
        return self._ledger.prompts_among(split, ids)

    def responses(
        self, round_index: int, split: str = TRAIN, *, after: str = "", limit: int | None = None
    ) -> Iterator[Response]:
        """The responses to `limit` prompts, by prompt id; `after` is a prompt id."""
        return self._ledger.response_page(round_index, split, after, limit)

    def responses_to(self, prompt_id: str, round_index: int, split: str = TRAIN) -> list[Response]:
        """The responses to one prompt, in their order."""
        return self._ledger.responses_of(prompt_id, round_index, split)

    def judged_responses(self, round_index: int, split: str = TRAIN) -> Iterator[Response]:
        """The responses that the pairs of a judged split are of, by prompt id.

        Of the split "evaluation" they are the held-out ones of the base, of the last round's
        policy and of the round's own.
        """
        return self._ledger.judged_responses(round_index, split)

    def authors(self, round_index: int, split: str = TRAIN) -> dict[str, str]:
        """The identity of the model that wrote each response, by response id."""
        return self._ledger.writers(round_index, split)

    def pairs(
        self,
        round_index: int,
        split: str = TRAIN,
        *,
        after: PairKey = FIRST_PAIR,
        limit: int | None = None,
    ) -> Iterator[PairOutline]:
        """Pairs and their votes without texts, by `PairOutline.key`."""
        return self._ledger.pairs(round_index, split, after, limit)

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
        return self._ledger.judged_page(round_index, split, after, limit)

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
        return self._ledger.cast_votes(round_index, split, after, limit, explained)

    def votes_on(self, pair: PairKey, round_index: int, split: str = TRAIN) -> list[Vote]:
        """One pair's votes with their texts, both orders of an index together."""
        return self._ledger.votes_on(round_index, split, pair)

    def labels(self, round_index: int, split: str = TRAIN) -> Iterator[PairLabel]:
        """Decided pairs by the ids of their responses; see `in_common`."""
        return self._ledger.labels(round_index, split)

    def preferences(
        self, round_index: int, *, after: tuple[str, str] = ("", ""), limit: int | None = None
    ) -> Iterator[Kept]:
        """Candidate preferences with their fates, by prompt id, then by id."""
        return self._ledger.candidates(round_index, after, limit)

    def candidates(
        self, round_index: int, *, after: tuple[str, str] = ("", ""), limit: int | None = None
    ) -> Iterator[CandidateOutline]:
        """Candidate preferences with their fates but without texts, in the order of `preferences`.

        Their `key` is what `after` takes.
        """
        return self._ledger.candidate_outlines(round_index, after, limit)

    def excluded(self, round_index: int) -> list[ReasonCount]:
        """Responses and pairs that yielded no candidate preference, by stage and reason."""
        return self._ledger.losses(round_index)

    def dropped(self, round_index: int) -> list[ReasonCount]:
        """Candidate preferences that were dropped, by filter and reason, most frequent first."""
        return self._ledger.dropped(round_index)

    def trained(self) -> list[tuple[int, str]]:
        """(round_index, stage) of everything that kept training steps."""
        return self._ledger.trained()

    def training(self, round_index: int, stage: str) -> list[TrainingStep]:
        """The steps that "reward_model" or "optimize" kept."""
        return self._ledger.training(round_index, stage)

    def calls(
        self, *, after: int = 0, limit: int | None = None, model: str | None = None
    ) -> Iterator[ModelCall]:
        """Answered model calls, of one model or all, by `ModelCall.number`."""
        return self._ledger.calls(after, limit, model)

    def usage(self) -> list[ModelUsage]:
        """Usage by model."""
        return self._ledger.usage()

    def failures(self) -> list[CallFailure]:
        """Errors that ended calls for good, most frequent first."""
        return self._ledger.failures()
