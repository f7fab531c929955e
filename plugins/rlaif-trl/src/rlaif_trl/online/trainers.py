"""TRL's online trainers with our own token ids, the job's rewards and any reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from datasets import Dataset
from transformers import PreTrainedModel
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.rloo_trainer import RLOOTrainer
from trl.trainer.utils import add_fused_lm_head

from rlaif_core.api import Prompt, Scorer
from rlaif_kit.chat_format import Tokens
from rlaif_trl.policy.optimizer import rewards
from rlaif_trl.training.arguments import OfflineTrainer

RewardFunction = Callable[..., Sequence["float | None"]]


class OwnPrompts(OfflineTrainer):
    """A trainer whose data set holds indices of prompts that are tokenised beforehand.

    Args:
        prompt_tokens: Token ids of the prompts: content of a prompt cannot forge a turn in them,
            and none is too long.
        reference: The reference, if it is another model than the one training starts from.
    """

    names: ClassVar[Mapping[str, str]] = {"kl": "kl_per_token", **OfflineTrainer.names}

    def __init__(
        self,
        *args: Any,
        prompt_tokens: Sequence[Tokens],
        reference: PreTrainedModel | None,
        **kwargs: Any,
    ) -> None:
        self._prompt_tokens = prompt_tokens
        self._aligned = False
        super().__init__(*args, **kwargs)
        me: Any = self  # the trainers have no types
        if reference is not None and me.beta:
            add_fused_lm_head(reference, temperature=me.temperature)
            me.ref_model = me.accelerator.prepare_model(reference, evaluation_mode=True)

    def _tokenize_prompts(
        self, prompts: Sequence[str]
    ) -> tuple[list[Tokens], None, dict[str, Any]]:
        return [self._prompt_tokens[int(place)] for place in prompts], None, {}

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        """One batch; a resumed training samples at the same steps as an uninterrupted one."""
        me: Any = self
        if not self._aligned:
            me._step = me.state.global_step * me.args.gradient_accumulation_steps
            self._aligned = True
        parent: Any = super()
        return parent.training_step(*args, **kwargs)


class JobGRPOTrainer(OwnPrompts, GRPOTrainer):
    """TRL's GRPOTrainer."""


class JobRLOOTrainer(OwnPrompts, RLOOTrainer):
    """TRL's RLOOTrainer."""


def reward_function(scorer: Scorer, prompts: Sequence[Prompt]) -> RewardFunction:
    """Reward function for TRL: None where the scorer abstained.

    TRL takes a response whose only reward is None out of its group's mean and deviation and gives
    it the advantage 0.
    """

    def reward(**columns: Any) -> Sequence[float | None]:
        scored = [prompts[int(place)] for place in columns["prompts"]]
        scores = rewards(scorer, scored, columns["completions"])
        columns["log_metric"]("left_out", scores.count(None) / len(scores))
        return scores

    reward.__name__ = "scorer"  # its name in metrics
    return reward


def place_dataset(count: int, together: int) -> Dataset:
    """Indices of `count` prompts, the first ones twice if the last batch would not be full.

    TRL silently leaves out a batch that is not full, and its prompts.

    Args:
        count: Prompts.
        together: Prompts whose responses are drawn at once.
    """
    whole = -(-count // together) * together
    return Dataset.from_dict({"prompt": [str(place % count) for place in range(whole)]})
