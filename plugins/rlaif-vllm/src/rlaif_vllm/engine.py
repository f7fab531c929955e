"""vLLM's engine, run until a batch is finished."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vllm.exceptions import VLLMError
from vllm.inputs import TokensPrompt
from vllm.outputs import RequestOutput
from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

from rlaif_core.api import ModelError
from rlaif_kit.chat_format import Tokens

if TYPE_CHECKING:
    from vllm import LLMEngine, SamplingParams


@dataclass(frozen=True)
class Job:
    """One sequence for the engine to continue."""

    tokens: Tokens
    sampling: SamplingParams


Outcome: TypeAlias = RequestOutput | ModelError


class Engine:
    """A running engine. Blocking, and for one thread at a time.

    Args:
        engine: vLLM's engine.
    """

    def __init__(self, engine: LLMEngine) -> None:
        self._engine = engine
        self.context: int = engine.model_config.max_model_len
        """Most tokens of prompt and generated text together."""

    def run(self, jobs: Sequence[Job], halt: threading.Event) -> list[Outcome]:
        """One outcome per job, in their order.

        The engine starts once all jobs are queued, with an empty cache: so the same jobs are
        batched the same way, and equal runs have equal outcomes.

        Args:
            jobs: Any number of sequences.
            halt: Once set, unfinished jobs are aborted.
        """
        outcomes: dict[int, Outcome] = {}
        try:
            self._engine.reset_prefix_cache()
            self._engine.sleep(level=0)
            queued = [self._add(place, job, outcomes) for place, job in enumerate(jobs)]
            self._engine.wake_up(tags=["scheduling"])
            while self._engine.has_unfinished_requests():
                if halt.is_set():
                    self._engine.abort_request([name for name in queued if name], internal=True)
                    break
                for output in self._engine.step():
                    if output.finished and isinstance(output, RequestOutput):
                        outcomes[int(output.request_id)] = output
        except (EngineDeadError, EngineGenerateError) as error:
            failed = ModelError(f"vLLM's engine stopped, see its log for the reason: {error}")
            return [outcomes.get(place, failed) for place in range(len(jobs))]
        return [outcomes.get(place, ModelError("cancelled")) for place in range(len(jobs))]

    def _add(self, place: int, job: Job, outcomes: dict[int, Outcome]) -> str | None:
        """Queue a job; returns its name in the engine, or None if it was refused."""
        prompt = TokensPrompt(prompt_token_ids=job.tokens)
        try:
            return str(self._engine.add_request(str(place), prompt, job.sampling))
        except (VLLMError, ValueError) as error:
            reason = " ".join(str(error).split())
            outcomes[place] = ModelError(f"vLLM refuses the request: {reason}")
            return None

    def close(self) -> None:
        """End vLLM's processes."""
        self._engine.engine_core.shutdown()
