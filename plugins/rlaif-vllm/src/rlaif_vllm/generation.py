"""Sampled replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vllm import SamplingParams
from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

from rlaif_core.api import ChatReply, ChatRequest, ModelError, Usage
from rlaif_kit.chat_format import Tokens
from rlaif_vllm.engine import Job, Outcome


@dataclass(frozen=True)
class Generation:
    """One reply to write.

    Attributes:
        request: The request.
        prompt: Its tokens.
        limit: Most new tokens; the context may leave fewer than were requested.
        end_of_turn: A token that ends the reply, beside those the checkpoint names.
    """

    request: ChatRequest
    prompt: Tokens
    limit: int
    end_of_turn: int

    @property
    def jobs(self) -> list[Job]:
        """The one sequence; the checkpoint's own sampling settings are not used."""
        sampling = SamplingParams(
            max_tokens=self.limit,
            temperature=self.request.temperature,
            top_p=self.request.top_p,
            seed=self.request.seed % 2**63,
            stop=list(self.request.stop),
            stop_token_ids=[self.end_of_turn],
            spaces_between_special_tokens=False,
            structured_outputs=self._structure(),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        return [Job(self.prompt, sampling)]

    def reply(self, outcomes: Sequence[Outcome]) -> ChatReply | ModelError:
        """The reply, or the error in its place."""
        [outcome] = outcomes
        if isinstance(outcome, ModelError):
            return outcome
        [written] = outcome.outputs
        if written.finish_reason not in ("stop", "length"):
            return ModelError(f"vLLM gave up the generation: {written.finish_reason}")
        usage = Usage(len(self.prompt), len(written.token_ids))
        return ChatReply(written.text, written.finish_reason, usage=usage)

    def _structure(self) -> StructuredOutputsParams | None:
        if self.request.schema is None:
            return None
        return StructuredOutputsParams(json=dict(self.request.schema))
