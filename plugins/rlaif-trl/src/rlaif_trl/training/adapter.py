"""Low-rank adapters: added before training, merged into the weights after it."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlaif_core.api import PluginError
from rlaif_trl.model.checkpoint import Task
from rlaif_trl.training.params import Lora

if TYPE_CHECKING:
    from peft import LoraConfig
    from transformers import PreTrainedModel

ADAPTER = "adapter"
"""Subfolder of the output for the adapter alone."""

_ALL_LINEAR = "all-linear"


def adapter_config(lora: Lora | None, model: PreTrainedModel, task: Task) -> LoraConfig | None:
    """The `peft_config` of a trainer; None to train the whole model.

    With the task "SEQ_CLS" the score head is trained too; with another it would stay random.

    Raises:
        PluginError: If `target_modules` names no module of the model.
    """
    if lora is None:
        return None
    from peft import LoraConfig

    if lora.target_modules != _ALL_LINEAR and not _matches(model, lora.target_modules):
        raise PluginError(
            f"lora target_modules {lora.target_modules!r} match no module of the model: "
            f"choose from {', '.join(_linear_names(model))}, or write {_ALL_LINEAR}"
        )
    return LoraConfig(
        task_type=task,
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.target_modules,
    )


def merge_adapter(model: Any, folder: Path | None) -> PreTrainedModel:
    """Keep the adapter in `folder`/adapter and return the model with the adapter merged.

    Args:
        model: One without an adapter is returned as it is.
        folder: None keeps nothing.
    """
    from peft import PeftModel

    if not isinstance(model, PeftModel):
        whole: PreTrainedModel = model
        return whole
    if folder is not None:
        # "auto" would ask a hub whether the base model's vocabulary was changed; it never is here.
        model.save_pretrained(str(folder / ADAPTER), save_embedding_layers=False)
        (folder / ADAPTER / "README.md").unlink(missing_ok=True)  # links a local folder to a hub
    merged: PreTrainedModel = model.merge_and_unload()
    return merged


def without_adapter(model: Any) -> AbstractContextManager[None]:
    """Switch a model's adapter off inside the context."""
    off: AbstractContextManager[None] = model.disable_adapter()
    return off


def _matches(model: PreTrainedModel, targets: str | list[str]) -> bool:
    """True if any module's name matches as in PEFT: a regex, or a list of name endings."""
    names = [name for name, _ in model.named_modules()]
    if isinstance(targets, str):
        return any(re.fullmatch(targets, name) for name in names)
    return any(f".{name}".endswith(f".{target}") for name in names for target in targets)


def _linear_names(model: PreTrainedModel) -> list[str]:
    from torch.nn import Linear

    return sorted(
        {
            name.rsplit(".", 1)[-1]
            for name, part in model.named_modules()
            if isinstance(part, Linear)
        }
    )
