"""Low-rank adapters: put on before training, folded into the weights after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rlaif_core.api import PluginError
from rlaif_trl.params import Lora

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ADAPTER = "adapter"
"""Subfolder of the output in which the adapter alone is kept."""


def add_adapter(
    model: PreTrainedModel, lora: Lora | None, task: Literal["CAUSAL_LM", "SEQ_CLS"]
) -> Any:
    """The model with a fresh adapter that alone is trained; the model itself if `lora` is None.

    With the task "SEQ_CLS" the score head is trained too; without it, the head would stay random.

    Raises:
        PluginError: If `target_modules` names no module of the model.
    """
    if lora is None:
        return model
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        task_type=task,
        r=lora.r,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]  # peft divides by it: a float is fine
        lora_dropout=lora.dropout,
        target_modules=lora.target_modules,
    )
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        names = sorted({name.rsplit(".", 1)[-1] for name, _ in _linear(model)})
        raise PluginError(
            f"lora target_modules {lora.target_modules!r} match no module of the model: "
            f"choose from {', '.join(names)}, or 'all-linear'"
        ) from error


def merge_adapter(model: Any, folder: Path) -> PreTrainedModel:
    """Keep the adapter in `folder`/adapter and return the model with it folded in.

    A model without an adapter is returned as it is.
    """
    from peft import PeftModel

    if not isinstance(model, PeftModel):
        return model  # type: ignore[no-any-return]
    # "auto" would ask a hub whether the base model's vocabulary was changed; it never is here.
    model.save_pretrained(str(folder / ADAPTER), save_embedding_layers=False)
    (folder / ADAPTER / "README.md").unlink(missing_ok=True)  # links a local folder to a hub
    merged: PreTrainedModel = model.merge_and_unload()
    return merged


def _linear(model: PreTrainedModel) -> list[tuple[str, Any]]:
    from torch.nn import Linear

    return [(name, part) for name, part in model.named_modules() if isinstance(part, Linear)]
