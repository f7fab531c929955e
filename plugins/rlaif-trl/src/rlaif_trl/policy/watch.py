"""Held-out evaluation of a policy during training, by a judge that training never learns from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rlaif_core.api import Prompt, Scorer
from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.sampling import Draw, sample
from rlaif_trl.policy.divergence import kl_of_responses
from rlaif_trl.policy.optimizer import rewards

CERTAINTY = 2.0
"""Standard errors by which an evaluation must be below another to count as worse."""

NOISE = 1e-6
"""Tolerance below which a reward has not fallen: the mean of standardised rewards is 0 up to
rounding."""


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation after a step.

    Attributes:
        step: Optimizer steps done.
        kl: Divergence of policy from reference, nats per response; None if not measured.
        scores: One per prompt, None where the judge abstained; empty without a judge.
        reward: The last logged reward of the training itself.
    """

    step: int
    kl: float | None = None
    scores: tuple[float | None, ...] = ()
    reward: float | None = None

    @property
    def mean(self) -> float | None:
        """Mean score; None if nothing was scored."""
        known = [score for score in self.scores if score is not None]
        return sum(known) / len(known) if known else None

    def worse_than(self, other: Evaluation) -> bool:
        """True if the scores fell by more than chance, prompt by prompt, while reward did not.

        An unknown reward counts as one that did not fall.
        """
        falls = [
            before - now
            for before, now in zip(other.scores, self.scores, strict=True)
            if before is not None and now is not None
        ]
        if len(falls) < 2:
            return False
        mean = sum(falls) / len(falls)
        variance = sum((fall - mean) ** 2 for fall in falls) / (len(falls) - 1)
        rose = self.reward is None or other.reward is None or self.reward >= other.reward - NOISE
        return rose and mean > CERTAINTY * math.sqrt(variance / len(falls)) and mean > 0


@dataclass(frozen=True)
class Watch:
    """Held-out evaluation of a policy.

    Attributes:
        prompts: Prompts that are never trained on, if there are any.
        tokens: Their token ids.
        tokenizer: The policy's.
        draw: Sampling settings.
        judge: Scores the responses; None to measure the divergence alone.
        reference: Reference of the divergence; None not to measure it.
        seed: Seeds the responses, together with the step.
    """

    prompts: Sequence[Prompt]
    tokens: Sequence[Tokens]
    tokenizer: Any
    draw: Draw
    judge: Scorer | None
    reference: Any
    seed: int

    def evaluate(self, policy: Any, step: int, reward: float | None) -> Evaluation:
        """Draw a response to each prompt and evaluate it; random states are left unchanged."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed + step)
            responses = sample(policy, self.tokenizer, self.tokens, self.draw)
        kl = None
        if self.reference is not None:
            divergences = kl_of_responses(
                policy, self.reference, self.tokens, responses, self.tokenizer.pad_token_id
            )
            kl = sum(divergences) / len(divergences)
        scores: tuple[float | None, ...] = ()
        if self.judge is not None:
            texts = self.tokenizer.batch_decode(responses, skip_special_tokens=True)
            scores = tuple(rewards(self.judge, self.prompts, texts))
        return Evaluation(step, kl, scores, reward)
