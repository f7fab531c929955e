"""Whether a training can start, seen before anything is judged or loaded."""

from __future__ import annotations

from rlaif_trl.model.chat import ChatEncoder
from rlaif_trl.model.checkpoint import Task, context_length, load_outline, load_tokenizer
from rlaif_trl.training.adapter import adapter_config
from rlaif_trl.training.isolation import isolated
from rlaif_trl.training.params import Training
from rlaif_trl.training.reporting import check_reporters


def check_start(checkpoint: str, params: Training, task: Task) -> ChatEncoder:
    """Refuse a checkpoint that cannot be trained as the parameters say.

    Returns:
        Encodes what it is to be trained on.

    Raises:
        PluginError: If it is no checkpoint of safetensors with a chat template and a padding or
            end token, if `max_length` is more than its context, `lora` names no module of it, or
            `report_to` names what is not installed.
    """
    check_reporters(params)
    with isolated(0):
        tokenizer = load_tokenizer(checkpoint)
        outline = load_outline(checkpoint, task)
        limit = context_length(outline, tokenizer, params.max_length)
        adapter_config(params.lora, outline, task)
    return ChatEncoder(tokenizer, limit, params.overlong)
