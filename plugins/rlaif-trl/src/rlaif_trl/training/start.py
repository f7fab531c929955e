"""Check that a training can start, before anything is judged or loaded."""

from __future__ import annotations

from rlaif_trl.model.chat import ChatEncoder
from rlaif_trl.model.checkpoint import Task, context_length, load_outline, load_tokenizer
from rlaif_trl.training.adapter import adapter_config
from rlaif_trl.training.isolation import isolated
from rlaif_trl.training.params import Training
from rlaif_trl.training.reporting import check_reporters


def check_start(checkpoint: str, params: Training, task: Task) -> ChatEncoder:
    """Refuse a checkpoint that cannot be trained with these parameters.

    Returns:
        The encoder of its training data.

    Raises:
        PluginError: If it is not a checkpoint of safetensors with a chat template and a padding or
            end token, if `max_length` is more than its context, `lora` names no module of it, or
            `report_to` names a package that is not installed.
    """
    check_reporters(params)
    with isolated(0):
        tokenizer = load_tokenizer(checkpoint)
        outline = load_outline(checkpoint, task)
        limit = context_length(outline, tokenizer, params.max_length)
        adapter_config(params.lora, outline, task)
    return ChatEncoder(tokenizer, limit, params.overlong)
