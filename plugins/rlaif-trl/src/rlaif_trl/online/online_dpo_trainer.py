"""DPO trainer whose batches are prompts: it draws responses and has them scored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_core.api import Prompt, Scorer
from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.sampling import Draw, sample
from rlaif_trl.pairs.dpo_trainer import LabelledCollator, SoftDPOTrainer
from rlaif_trl.policy.optimizer import rewards
from rlaif_trl.training.params import PairLabel


@dataclass(frozen=True)
class FreshPair:
    """The pair made of a prompt's responses.

    Attributes:
        chosen: Index of the better one.
        rejected: Index of the other.
        p_chosen: Probability in [0.5, 1] that `chosen` is better.
        left_out: Whether the pair is not trained on.
    """

    chosen: int
    rejected: int
    p_chosen: float = 1.0
    left_out: bool = False


def fresh_pair(scores: Sequence[float | None], label: PairLabel) -> FreshPair:
    """The pair of the best and the worst of the scored responses.

    It is left out if fewer than two were scored, and, with certain labels, if the two are equally
    good: the choice must not depend on their order.

    Args:
        scores: One reward per response; None where the scorer abstained.
        label: "certain": 1; "bradley-terry": σ of the difference, rewards being log-odds;
            "win-rate": (1 + difference) / 2, rewards being shares of comparisons won.
    """
    places = [i for i, score in enumerate(scores) if score is not None]
    if len(places) < 2:
        return FreshPair(0, 1, left_out=True)
    ranked = sorted(places, key=lambda i: scores[i] or 0.0)
    worst, best = ranked[0], ranked[-1]
    gap = (scores[best] or 0.0) - (scores[worst] or 0.0)
    if label == "certain":
        return FreshPair(best, worst, left_out=gap == 0)
    p = 1 / (1 + math.exp(-min(gap, 700.0))) if label == "bradley-terry" else (1 + gap) / 2
    return FreshPair(best, worst, min(p, 1.0))


class OnlineDPOTrainer(SoftDPOTrainer):
    """Online DPO.

    TRL's own trainer, in `trl.experimental`, takes a missing reward for 0 and the first of equals.

    Args:
        prompts: The prompts; the data set holds their indices.
        prompt_tokens: Their token ids.
        scorer: Gives rewards; a prompt's responses are scored in one call.
        label: Label of a pair, given two rewards.
        count: Responses per prompt.
        draw: Sampling settings.
    """

    def __init__(
        self,
        *args: Any,
        prompts: Sequence[Prompt],
        prompt_tokens: Sequence[Tokens],
        scorer: Scorer,
        label: PairLabel,
        count: int,
        draw: Draw,
        **kwargs: Any,
    ) -> None:
        self._prompts = prompts
        self._prompt_tokens = prompt_tokens
        self._scorer = scorer
        self._label = label
        self._count = count
        self._draw = draw
        super().__init__(*args, **kwargs)
        self._collate = LabelledCollator(pad_token_id=self._tokenizer.pad_token_id)

    def _prepare_inputs(self, inputs: Any) -> Any:
        parent: Any = super()
        if isinstance(inputs, list):
            inputs = self._collate(self._pairs([row["prompt"] for row in inputs]))
        return parent._prepare_inputs(inputs)

    def _pairs(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """One labelled pair per prompt; pairs left out have weight 0, the mean weight is 1."""
        repeated = [place for place in places for _ in range(self._count)]
        policy = self.accelerator.unwrap_model(self.model)
        tokens = [self._prompt_tokens[place] for place in repeated]
        drawn = sample(policy, self._tokenizer, tokens, self._draw)
        texts = self._tokenizer.batch_decode(drawn, skip_special_tokens=True)
        scores = rewards(self._scorer, [self._prompts[place] for place in repeated], texts)
        starts = range(0, len(repeated), self._count)
        pairs = [fresh_pair(scores[at : at + self._count], self._label) for at in starts]
        kept = sum(not pair.left_out for pair in pairs)
        self._record_rewards(scores, kept / len(pairs))
        return [
            {
                "prompt_ids": tokens[at],
                "chosen_ids": drawn[at + pair.chosen],
                "rejected_ids": drawn[at + pair.rejected],
                "p_chosen": pair.p_chosen,
                "margin": 0.0,
                "weight": 0.0 if pair.left_out else len(pairs) / kept,
            }
            for at, pair in zip(starts, pairs, strict=True)
        ]

    def _record_rewards(self, scores: Sequence[float | None], kept: float) -> None:
        """Record the metrics of this process; its responses are a random sample of all."""
        known = [score for score in scores if score is not None]
        if known:
            self._metrics["train"]["reward"].append(sum(known) / len(known))
        self._metrics["train"]["left_out"].append(1 - kept)
