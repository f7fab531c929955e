"""Log-probabilities of whole strings as continuations of a prompt.

Options that differ in their last token alone share one sequence: the engine generates one token and
returns the log-probability of each of those last tokens. Tokens before the last stand in the
prompt, and their log-probabilities are the prompt's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from vllm import SamplingParams
from vllm.outputs import RequestOutput
from vllm.sampling_params import MAX_LOGPROB_TOKEN_IDS, RequestOutputKind

from rlaif_core.api import ChatReply, ModelError, Usage
from rlaif_kit.chat_format import Encoded, Tokens
from rlaif_vllm.engine import Job, Outcome

_PADDING: Final = 0
"""vLLM pads lists of tokens with this one, and gives it the padding's log-probability."""


@dataclass(frozen=True)
class Branch:
    """A sequence, and the options that share it.

    Attributes:
        context: Tokens after the head, in the prompt.
        last: The next token of each option, by its index; None where the context is all of it.
    """

    context: tuple[int, ...]
    last: dict[int, int | None]


@dataclass(frozen=True)
class Scoring:
    """The options of one request.

    Attributes:
        head: The tokens that every option is conditioned on.
        tails: The tokens of each option after `head`.
    """

    head: Tokens
    tails: tuple[Tokens, ...]

    @classmethod
    def of(cls, encoded: Encoded, end_of_turn: int | None) -> Scoring:
        """The options of an encoded request; `end_of_turn` closes each one if given."""
        return cls(*encoded.tails(end_of_turn))

    @property
    def width(self) -> int:
        """Tokens of the longest sequence, the generated one included."""
        return max(len(self.head) + len(branch.context) for branch in self._branches) + 1

    @cached_property
    def _branches(self) -> list[Branch]:
        grouped: dict[tuple[int, ...], dict[int, int | None]] = defaultdict(dict)
        for index, tail in enumerate(self.tails):
            if tail and tail[-1] != _PADDING:
                grouped[tuple(tail[:-1])][index] = tail[-1]
            else:
                grouped[tuple(tail)][index] = None
        return [
            Branch(context, dict(part))
            for context, last in grouped.items()
            for part in _parts(list(last.items()))
        ]

    @property
    def jobs(self) -> list[Job]:
        """One sequence per branch."""
        return [
            Job(self.head + list(branch.context), _sampling(branch)) for branch in self._branches
        ]

    def reply(self, outcomes: Sequence[Outcome]) -> ChatReply | ModelError:
        """Natural-log probability of each option; an empty one has 0."""
        values = [0.0] * len(self.tails)
        for branch, outcome in zip(self._branches, outcomes, strict=True):
            if isinstance(outcome, ModelError):
                return outcome
            before = math.fsum(self._prompt_logprobs(branch, outcome))
            following = outcome.outputs[0].logprobs
            for index, token in branch.last.items():
                values[index] = before
                if token is not None:
                    values[index] += following[0][token].logprob if following else math.nan
        if not all(map(math.isfinite, values)):
            return ModelError("the model's logits are not finite: its weights are damaged")
        usage = Usage(prompt_tokens=len(self.head) + sum(map(len, self.tails)))
        return ChatReply("", "options", tuple(values), usage)

    def _prompt_logprobs(self, branch: Branch, outcome: RequestOutput) -> Iterator[float]:
        for place, token in enumerate(branch.context, start=len(self.head)):
            listed = (outcome.prompt_logprobs or [])[place]
            yield listed[token].logprob if listed else math.nan


def _sampling(branch: Branch) -> SamplingParams:
    return SamplingParams(
        max_tokens=1,
        temperature=0.0,
        logprob_token_ids=[token for token in branch.last.values() if token is not None] or None,
        prompt_logprobs=0 if branch.context else None,  # the prompt's own tokens and no others
        detokenize=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _parts(last: list[tuple[int, int | None]]) -> Iterator[list[tuple[int, int | None]]]:
    for start in range(0, len(last), MAX_LOGPROB_TOKEN_IDS):
        yield last[start : start + MAX_LOGPROB_TOKEN_IDS]
