"""Records read from a ledger that the plugin API has no class for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from rlaif_core.api.chat import ChatReply
from rlaif_core.api.records import Order, Preference, Vote

PairKey = tuple[str, str, str]
"""Prompt id, id of the response proposed first, id of the other."""

VoteKey = tuple[str, str, str, str, int]
"""A `PairKey`, then order and index of the vote."""


class VoteOutline(NamedTuple):
    """A vote without its texts: `number` is `Vote.index`, `p_first` None an abstention."""

    order: Order
    number: int
    p_first: float | None


@dataclass(frozen=True, slots=True)
class PairOutline:
    """A pair and its votes without any text.

    Attributes:
        prompt_id: The prompt.
        a: Id of the response proposed first.
        b: Id of the other.
        p_a: As in `JudgedPair`.
        agreement: As in `JudgedPair`; None while the votes are not combined yet.
        votes: Every verdict asked for, by order, then by index.
    """

    prompt_id: str
    a: str
    b: str
    p_a: float | None
    agreement: float | None
    votes: tuple[VoteOutline, ...]

    @property
    def key(self) -> PairKey:
        """Names the pair within its round and split."""
        return self.prompt_id, self.a, self.b


@dataclass(frozen=True, slots=True)
class CastVote:
    """One vote with its texts, and the pair it is on."""

    prompt_id: str
    a: str
    b: str
    vote: Vote

    @property
    def key(self) -> VoteKey:
        """Names the vote within its round and split."""
        return self.prompt_id, self.a, self.b, self.vote.order, self.vote.index


class PairLabel(NamedTuple):
    """A decided pair, its responses in the order of their ids, which no judge knows.

    `p_first` is the probability that `first` is better.
    """

    prompt_id: str
    first: str
    second: str
    p_first: float


@dataclass(frozen=True, slots=True)
class CandidateOutline:
    """A candidate preference without its texts, and its fate.

    Attributes:
        id: `Preference.id`.
        prompt_id: The prompt.
        chosen: Id of the better response.
        rejected: Id of the other.
        p_chosen: As in `Preference`.
        agreement: As in `Preference`.
        votes: As in `Preference`.
        confidence: As in `Preference`.
        stage: "kept", or what dropped it: "pair" or the name of a filter.
        reason: Why it was dropped; empty if it was kept.
    """

    id: str
    prompt_id: str
    chosen: str
    rejected: str
    p_chosen: float
    agreement: float
    votes: int
    confidence: float
    stage: str
    reason: str

    @property
    def key(self) -> tuple[str, str]:
        """Names the candidate within its round."""
        return self.prompt_id, self.id


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of the preferences table: a candidate, and what became of it."""

    preference: Preference
    stage: str
    reason: str


class ReasonCount(NamedTuple):
    """Number of responses, pairs or candidates that a stage left out for one reason."""

    stage: str
    reason: str
    total: int


class StageRecord(NamedTuple):
    """A stage that began; `figures` are JSON values, `seconds` add up over interruptions."""

    round: int
    stage: str
    seconds: float
    figures: dict[str, Any]
    done: bool


class TrainingStep(NamedTuple):
    """Report of one optimizer step."""

    step: int
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """An answered model call.

    Attributes:
        number: Grows from call to call.
        key: `ChatRequest.key`.
        model: Identity of the model.
        request: `ChatRequest.canonical`, JSON.
        reply: The answer.
        usd: What it cost.
        seconds: Latency; of the whole batch for a local model.
        attempts: How often it was asked until it was answered; 0 if another run asked.
        at: When it was answered, Unix time.
    """

    number: int
    key: str
    model: str
    request: str
    reply: ChatReply
    usd: float
    seconds: float
    attempts: int
    at: float


class ModelUsage(NamedTuple):
    """Usage of one model."""

    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float


class CallFailure(NamedTuple):
    """An error that ended calls for good, after their last retry."""

    error: str
    calls: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a run's model calls; `cached` counts answers that cost nothing."""

    calls: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
