"""A look at a policy while it trains: its answers to held-out prompts, judged by an outsider."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rlaif_core.api import Prompt, Scorer
from rlaif_core.kit.chat_format import Tokens
from rlaif_trl.model.sampling import Draw, sample
from rlaif_trl.policy.divergence import kl_of_responses
from rlaif_trl.policy.optimizer import rewards

CERTAINTY = 2.0
"""Standard errors by which a look must be below another to count as worse."""

NOISE = 1e-6
"""By which a reward may fall and still count as level: the mean of standardised rewards is 0 but
for rounding."""


@dataclass(frozen=True)
class Look:
    """What was seen after a step.

    Attributes:
        step: Optimizer steps done.
        kl: Nats a response between policy and reference; None if not measured.
        scores: The watching judge's, one a prompt, None where it abstained; empty without one.
        reward: What training itself says it gained, when it last said so.
    """

    step: int
    kl: float | None = None
    scores: tuple[float | None, ...] = ()
    reward: float | None = None

    @property
    def mean(self) -> float | None:
        """Mean score; None if nothing was scored."""
        known = [one for one in self.scores if one is not None]
        return sum(known) / len(known) if known else None

    def worse_than(self, other: Look) -> bool:
        """Whether the scores fell by more than chance, prompt by prompt, while reward did not.

        A reward that is not known counts as one that did not fall.
        """
        falls = [
            before - now
            for before, now in zip(other.scores, self.scores, strict=True)
            if before is not None and now is not None
        ]
        if len(falls) < 2:
            return False
        mean = sum(falls) / len(falls)
        variance = sum((one - mean) ** 2 for one in falls) / (len(falls) - 1)
        rose = self.reward is None or other.reward is None or self.reward >= other.reward - NOISE
        return rose and mean > CERTAINTY * math.sqrt(variance / len(falls)) and mean > 0


@dataclass(frozen=True)
class Watch:
    """Where to look.

    Attributes:
        prompts: Prompts that are never trained on, if there are any.
        tokens: Their token ids.
        tokenizer: The policy's.
        draw: How responses are drawn.
        judge: Scores them; None to measure the divergence alone.
        reference: What the divergence is measured from; None not to measure it.
        seed: Seeds the responses, together with the step.
    """

    prompts: Sequence[Prompt]
    tokens: Sequence[Tokens]
    tokenizer: Any
    draw: Draw
    judge: Scorer | None
    reference: Any
    seed: int

    def look(self, policy: Any, step: int, reward: float | None) -> Look:
        """Draw a response to each prompt and measure; random states are left as they were."""
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
        return Look(step, kl, scores, reward)
