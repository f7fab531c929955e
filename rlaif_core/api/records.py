"""The records that flow through a round, each frozen: prompt → response → verdict → preference."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
Order = Literal["ab", "ba"]


def digest(*parts: object) -> str:
    """A short content address: the first 16 hex characters of SHA-256 over `parts`."""
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """The question to a policy.

    Attributes:
        id: Unique in its source and stable across runs.
        messages: The conversation so far; the last turn is the user's.
        columns: Whatever else the source knows (ground truth, category), JSON values only.
    """

    id: str
    messages: tuple[Message, ...]
    columns: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The conversation as plain text: a lone user turn bare, otherwise one turn a line."""
        if len(self.messages) == 1:
            return self.messages[0].content
        return "\n".join(f"{turn.role}: {turn.content}" for turn in self.messages)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer to a prompt.

    Attributes:
        id: Content address of prompt, index and text.
        prompt_id: The prompt it answers.
        text: The answer.
        model: Identity of the model that wrote it.
        index: Its place among the prompt's responses, from 0.
        temperature: Sampling temperature it was drawn at, if known.
        top_p: Nucleus mass it was drawn from, if known.
        finish_reason: "stop", "length" or what the service said.
    """

    id: str
    prompt_id: str
    text: str
    model: str = ""
    index: int = 0
    temperature: float | None = None
    top_p: float | None = None
    finish_reason: str = "stop"

    @classmethod
    def of(cls, prompt: Prompt, text: str, index: int = 0, **rest: Any) -> Response:
        """A response to `prompt` with its content-addressed id."""
        return cls(digest(prompt.id, index, text), prompt.id, text, index=index, **rest)


class Abstention(str, Enum):
    """Reason for which a judge returned no verdict. An abstention is never turned into a number."""

    UNPARSED = "unparsed"
    REFUSED = "refused"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's verdict on one comparison, in the order in which it was shown.

    Attributes:
        p_first: Probability in [0, 1] that the response shown first is better; 0.5 is a tie;
            None is an abstention.
        abstention: Why there is no probability; None when there is one.
        detail: One line more about the abstention (the error, the unparseable text's start).
        explanation: The judge's reasoning, as it gave it.
        confidence: The confidence in [0, 1] that the judge stated, if it stated one.

    Raises:
        ValueError: If not exactly one of `p_first` and `abstention` is given, or a number is
            outside [0, 1].
    """

    p_first: float | None = None
    abstention: Abstention | None = None
    detail: str = ""
    explanation: str = ""
    confidence: float | None = None

    def __post_init__(self) -> None:
        if (self.p_first is None) == (self.abstention is None):
            raise ValueError("a verdict has either p_first or an abstention, and not both")
        for name, value in (("p_first", self.p_first), ("confidence", self.confidence)):
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} is {value}, outside [0, 1]")

    @classmethod
    def abstain(cls, reason: Abstention, detail: str = "", explanation: str = "") -> Verdict:
        """An abstention with its reason."""
        return cls(abstention=reason, detail=detail, explanation=explanation)


@dataclass(frozen=True, slots=True)
class Score:
    """A pointwise judge's score of one response.

    Attributes:
        value: Any real number, higher is better; None is an abstention.
        abstention: Why there is no value.
        detail: One line more about the abstention.
        explanation: The judge's reasoning.
    """

    value: float | None = None
    abstention: Abstention | None = None
    detail: str = ""
    explanation: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) == (self.abstention is None):
            raise ValueError("a score has either a value or an abstention, and not both")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One prompt and two of its responses, in the order in which a judge sees them.

    Attributes:
        prompt: The prompt.
        first: The response shown first.
        second: The response shown second.
        order: "ab" as the pair was proposed, "ba" swapped.
        vote: Which repetition this is, from 0.
    """

    prompt: Prompt
    first: Response
    second: Response
    order: Order = "ab"
    vote: int = 0

    @property
    def swapped(self) -> Comparison:
        """The same comparison with the responses shown the other way round."""
        order: Order = "ba" if self.order == "ab" else "ab"
        return Comparison(self.prompt, self.second, self.first, order, self.vote)


@dataclass(frozen=True, slots=True)
class Vote:
    """One verdict on a pair, with the order it was given in."""

    order: Order
    index: int
    verdict: Verdict

    @property
    def p_a(self) -> float | None:
        """Probability that response A is better, whichever way round it was shown."""
        p = self.verdict.p_first
        return p if p is None or self.order == "ab" else 1.0 - p


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """All that was said of one pair, added up.

    Attributes:
        prompt: The prompt.
        a: The response proposed first.
        b: The response proposed second.
        votes: Every verdict asked for, abstentions included.
        p_a: Probability that A is better over all orders and votes; None if all abstained.
        agreement: Share of the verdicts *asked* that are on the majority's side, in [0, 1].
    """

    prompt: Prompt
    a: Response
    b: Response
    votes: tuple[Vote, ...]
    p_a: float | None
    agreement: float

    @property
    def abstentions(self) -> int:
        """Number of votes that are abstentions."""
        return sum(vote.verdict.abstention is not None for vote in self.votes)


@dataclass(frozen=True, slots=True)
class Preference:
    """A training pair: which of two responses is better, and how sure the judge is.

    Attributes:
        prompt: The prompt.
        chosen: The better response.
        rejected: The other one.
        p_chosen: Probability in [0.5, 1] that `chosen` is better: the soft label.
        agreement: As in `JudgedPair`.
        votes: How many verdicts stand behind it.
        confidence: Mean confidence the judge stated; where it stated none, `p_chosen`.
        explanation: Why, in the words of the first verdict that says so; empty if none explains.
    """

    prompt: Prompt
    chosen: Response
    rejected: Response
    p_chosen: float
    agreement: float = 1.0
    votes: int = 1
    confidence: float = 1.0
    explanation: str = ""

    @property
    def id(self) -> str:
        """Content address of the pair."""
        return digest(self.prompt.id, self.chosen.id, self.rejected.id)

    @property
    def margin(self) -> float:
        """Distance of the label from a coin flip: 2·p_chosen - 1, in [0, 1]."""
        return 2.0 * self.p_chosen - 1.0


@dataclass(frozen=True, slots=True)
class Drop:
    """A preference that a filter or pairing left out, and why, in one short reusable phrase."""

    preference: Preference
    reason: str
