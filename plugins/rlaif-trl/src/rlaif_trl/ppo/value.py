"""Loading of the value model: from the reward model, or from the policy with a zero head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from rlaif_core.api import PluginError, TrainingJob
from rlaif_trl.model.checkpoint import load_classifier, load_reward_model, same_vocabulary
from rlaif_trl.ppo.actor_critic import ValueModel
from rlaif_trl.ppo.params import PPOParams
from rlaif_trl.training.adapter import adapter_config

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def load_value_model(
    job: TrainingJob, params: PPOParams, tokenizer: PreTrainedTokenizerBase
) -> ValueModel:
    """The value model of a job, with an adapter if the policy has one.

    A reward model predicts rewards from the start (Ouyang et al. 2203.02155, sec. 3.5); a copy of
    the policy predicts 0 at first.

    Raises:
        PluginError: If there is no reward model to start from, it cannot be used, or it has
            another tokenizer than the policy.
    """
    start = params.value_model or ("policy" if job.reward_model is None else "reward_model")
    if start == "policy":
        value = _value_model(load_classifier(job.checkpoint, params.dtype), params)
        value.zero_head()
        return value
    if job.reward_model is None:
        raise PluginError(
            "value_model: reward_model, but this round trains none: add one to the recipe, or set "
            "value_model: policy"
        )
    folder = str(job.reward_model)
    if not same_vocabulary(folder, tokenizer):
        raise PluginError(
            f"reward model {folder} and policy {job.checkpoint} have different tokenizers: set "
            "value_model: policy, or train the reward model from the policy's checkpoint"
        )
    classifier: Any = load_reward_model(folder)
    return _value_model(classifier.to(getattr(torch, params.dtype)), params)


def _value_model(classifier: PreTrainedModel, params: PPOParams) -> ValueModel:
    config = adapter_config(params.lora, classifier, "SEQ_CLS")
    if config is not None:
        from peft import inject_adapter_in_model

        inject_adapter_in_model(config, classifier)
    value = ValueModel(classifier)
    value.head.requires_grad_(True)  # beside the adapter
    return value
