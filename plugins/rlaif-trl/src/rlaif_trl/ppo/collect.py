"""Collection of one step's episodes: prompts, responses and their scores."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rlaif_core.api import Prompt, RunError, TrainingJob, digest
from rlaif_kit.chat_format import Tokens
from rlaif_trl.policy.optimizer import rewards, scorer_of
from rlaif_trl.ppo.episodes import Episode
from rlaif_trl.ppo.params import PPOParams
from rlaif_trl.ppo.sampling import ResponseSampler, response_text

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class Collected:
    """This device's share of a step.

    Attributes:
        episodes: The sampled episodes.
        scores: Score of each; None where the scorer abstained.
    """

    episodes: Sequence[Episode]
    scores: Sequence[float | None]

    def penalised(self, penalty: float | None) -> list[float | None]:
        """The scores, less a penalty for responses that did not end by themselves (as in TRL)."""
        return [
            score if score is None or episode.ended else score - (penalty or 0.0)
            for score, episode in zip(self.scores, self.episodes, strict=True)
        ]


@dataclass(frozen=True)
class Collector:
    """Samples responses and has them scored.

    All randomness depends on the seed and an episode's number alone, so that neither an
    interruption nor the number of devices changes the samples.

    Attributes:
        job: Its prompts and its scorer.
        params: The recipe's parameters.
        tokens: The prompts' token ids.
        sampler: Samples responses.
        tokenizer: Decodes them.
        accelerator: Wraps the devices.
    """

    job: TrainingJob
    params: PPOParams
    tokens: Sequence[Tokens]
    sampler: ResponseSampler
    tokenizer: Any
    accelerator: Accelerator

    def collect(self, step: int) -> Collected:
        """The episodes of step `step`, counted from 0.

        Raises:
            RunError: If no episode has a score, or one is not a number.
        """
        params = self.params
        size = params.local_batch_size
        first = (step * self.accelerator.num_processes + self.accelerator.process_index) * size
        seed = params.seed_of(self.job)
        numbers = range(first, first + size)
        chosen = [self._prompt_of(number // params.num_generations, seed) for number in numbers]
        episodes = self.sampler.sample(
            [self.tokens[prompt] for prompt in chosen],
            [int(digest(seed, "episode", number), 16) % 2**63 for number in numbers],
        )
        return Collected(episodes, self._scores(chosen, episodes))

    def _prompt_of(self, place: int, seed: int) -> int:
        """The prompt at a place in the endless sequence of shuffled passes over all prompts."""
        total = len(self.tokens)
        return _shuffled(total, digest(seed, "prompts", place // total))[place % total]

    def _scores(self, chosen: list[int], episodes: Sequence[Episode]) -> list[float | None]:
        """Scores from the main process, which alone calls the scorer with whole groups."""
        from accelerate.utils import broadcast_object_list, gather_object

        own = [
            (prompt, self._text(episode)) for prompt, episode in zip(chosen, episodes, strict=True)
        ]
        everything: list[tuple[int, str]] = gather_object(own)
        scores: list[float | None] = [None] * len(everything)
        if self.accelerator.is_main_process:
            scores = self._score(everything)
        broadcast_object_list(scores)
        if all(score is None for score in scores):
            raise RunError(
                f"none of a step's {len(scores)} responses has a reward: "
                "check that the judge returns verdicts"
            )
        start = self.accelerator.process_index * len(own)
        return scores[start : start + len(own)]

    def _score(self, responses: Sequence[tuple[int, str]]) -> list[float | None]:
        prompts: list[Prompt] = [self.job.prompts[index] for index, _ in responses]
        scores = rewards(scorer_of(self.job), prompts, [text for _, text in responses])
        for score in scores:
            if score is not None and not math.isfinite(score):
                raise RunError(
                    f"the scorer returned {score} as a reward: return None for a score that failed"
                )
        return scores

    def _text(self, episode: Episode) -> str:
        return response_text(episode, self.sampler.endings, self._decode)

    def _decode(self, tokens: Tokens) -> str:
        return str(
            self.tokenizer.decode(
                tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )


@lru_cache(maxsize=4)
def _shuffled(total: int, seed: str) -> list[int]:
    return random.Random(seed).sample(range(total), total)
