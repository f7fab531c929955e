"""One step's episodes and what they scored: which prompts, whose turn, where judged."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rlaif_core.api import Prompt, RunError, TrainingJob, digest
from rlaif_core.kit.chat_format import Tokens
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
        episodes: What was sampled.
        scores: What the scorer gave each; None where it gave none.
    """

    episodes: Sequence[Episode]
    scores: Sequence[float | None]

    def penalised(self, penalty: float | None) -> list[float | None]:
        """The scores, less a penalty where a response did not end by itself (TRL's option)."""
        return [
            score if score is None or episode.ended else score - (penalty or 0.0)
            for score, episode in zip(self.scores, self.episodes, strict=True)
        ]


@dataclass(frozen=True)
class Collector:
    """Samples responses and has them scored.

    Everything random hangs on the seed and on an episode's number alone, so that neither an
    interruption nor the number of devices changes what is sampled.

    Attributes:
        job: Its prompts and its scorer.
        params: The recipe's parameters.
        tokens: The prompts' token ids.
        sampler: Samples.
        tokenizer: Decodes.
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
            [self.tokens[one] for one in chosen],
            [int(digest(seed, "episode", number), 16) % 2**63 for number in numbers],
        )
        return Collected(episodes, self._scores(chosen, episodes))

    def _prompt_of(self, place: int, seed: int) -> int:
        """Which prompt has a place in the endless sequence of shuffled passes over all."""
        total = len(self.tokens)
        return _shuffled(total, digest(seed, "prompts", place // total))[place % total]

    def _scores(self, chosen: list[int], episodes: Sequence[Episode]) -> list[float | None]:
        """Scores from the main process, which alone asks: a group may span a whole step."""
        from accelerate.utils import broadcast_object_list, gather_object

        said = [(one, self._text(episode)) for one, episode in zip(chosen, episodes, strict=True)]
        everything: list[tuple[int, str]] = gather_object(said)
        scores: list[float | None] = [None] * len(everything)
        if self.accelerator.is_main_process:
            scores = self._ask(everything)
        broadcast_object_list(scores)
        if all(one is None for one in scores):
            raise RunError(
                f"none of a step's {len(scores)} responses got a reward: is the judge answering?"
            )
        start = self.accelerator.process_index * len(said)
        return scores[start : start + len(said)]

    def _ask(self, said: Sequence[tuple[int, str]]) -> list[float | None]:
        asked: list[Prompt] = [self.job.prompts[one] for one, _ in said]
        scores = rewards(scorer_of(self.job), asked, [text for _, text in said])
        for score in scores:
            if score is not None and not math.isfinite(score):
                raise RunError(
                    f"the scorer gave {score} as a reward: a score that failed is to be None"
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
