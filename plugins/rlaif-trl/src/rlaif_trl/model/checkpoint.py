"""Loading and saving of checkpoints: safetensors only, no remote code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rlaif_core.api import PluginError
from rlaif_trl.model.threads import fit_threads

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Task = Literal["CAUSAL_LM", "SEQ_CLS"]
"""Task that a checkpoint is loaded for: to answer, or to score."""

_UNBOUNDED = 1_000_000
"""Stands for no limit; tokenizers without one have 10^30."""


def load_tokenizer(checkpoint: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a checkpoint, padding right, with a chat template and a padding token.

    Where no padding token is set it becomes the unknown token, or else the end token. Both are
    safe: the trainers mask padding by length, and a scalar head that reads the last token that
    is not padding then reads the one before an end token, alone as in a batch.

    Raises:
        PluginError: If it cannot be loaded, or has neither a chat template nor an end token.
    """
    from transformers import AutoTokenizer

    tokenizer: PreTrainedTokenizerBase = _load(AutoTokenizer, checkpoint)
    if not tokenizer.chat_template:
        raise PluginError(
            f"{checkpoint}: its tokenizer has no chat template: "
            "put a chat_template.jinja into the folder, or start from a chat model"
        )
    if tokenizer.pad_token is None:
        ends = (tokenizer.eos_token, tokenizer.bos_token)
        unknown = tokenizer.unk_token
        tokenizer.pad_token = unknown if unknown and unknown not in ends else tokenizer.eos_token
    if tokenizer.pad_token is None:
        raise PluginError(
            f"{checkpoint}: its tokenizer has neither a pad token nor an eos token: "
            "set one in tokenizer_config.json"
        )
    tokenizer.padding_side = "right"
    return tokenizer


def same_vocabulary(checkpoint: str, tokenizer: PreTrainedTokenizerBase) -> bool:
    """True if the tokenizer of a checkpoint gives every token the same id as another tokenizer.

    Raises:
        PluginError: If it cannot be loaded.
    """
    return load_tokenizer(checkpoint).get_vocab() == tokenizer.get_vocab()


def load_causal(checkpoint: str, dtype: str) -> PreTrainedModel:
    """A causal language model.

    Raises:
        PluginError: If it cannot be loaded from safetensors.
    """
    from transformers import AutoModelForCausalLM

    model: PreTrainedModel = _load(
        AutoModelForCausalLM, checkpoint, dtype=dtype, use_safetensors=True
    )
    fit_threads(model)
    return model


def load_classifier(checkpoint: str, dtype: str) -> PreTrainedModel:
    """A model with one output per sequence; a checkpoint without such a head gets a random one.

    Raises:
        PluginError: If it cannot be loaded from safetensors.
    """
    from transformers import AutoModelForSequenceClassification

    model: PreTrainedModel = _load(
        AutoModelForSequenceClassification,
        checkpoint,
        dtype=dtype,
        num_labels=1,
        use_safetensors=True,
    )
    fit_threads(model)
    return model


def load_reward_model(checkpoint: str) -> PreTrainedModel:
    """A trained sequence classifier with one output, in the type it was saved in.

    Raises:
        PluginError: If it cannot be loaded, or is another kind of model: a language model would
            get a random head, and its rewards would mean nothing.
    """
    from transformers import AutoConfig

    _check_folder(checkpoint)
    config = _load(AutoConfig, checkpoint)
    architectures = config.architectures or ["no architecture"]
    if config.num_labels != 1 or not architectures[0].endswith("ForSequenceClassification"):
        raise PluginError(
            f"{checkpoint}: {architectures[0]} with {config.num_labels} outputs is not a reward "
            "model: give a folder written by the reward model 'trl'"
        )
    return load_classifier(checkpoint, "auto")


def load_outline(checkpoint: str, task: Task) -> PreTrainedModel:
    """The model of a checkpoint without its weights: names and shapes of its modules.

    Raises:
        PluginError: If it is not a checkpoint, or not a model for that task.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

    config = _load(AutoConfig, checkpoint)
    kind: Any = AutoModelForCausalLM if task == "CAUSAL_LM" else AutoModelForSequenceClassification
    try:
        with torch.device("meta"):
            outline: PreTrainedModel = kind.from_config(config)
    except ValueError as error:
        raise PluginError(f"{checkpoint}: cannot be loaded: {_first_line(error)}") from error
    return outline


def context_length(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, wanted: int | None
) -> int:
    """Most tokens of prompt and response together.

    Raises:
        PluginError: If `wanted` is more than the model can take.
    """
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    limit = min(positions or _UNBOUNDED, tokenizer.model_max_length, _UNBOUNDED)
    if wanted is not None and wanted > limit:
        raise PluginError(f"max_length {wanted} is more than the model's context of {limit} tokens")
    return wanted or int(limit)


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write weights, configuration, tokenizer and template, for `from_pretrained(folder)`.

    Raises:
        PluginError: If a weight is not a finite number, so that no broken model is kept.
    """
    import torch

    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            raise PluginError(f"training diverged: {name} is not finite; lower learning_rate")
    model.config.use_cache = True  # trainers switch it off, and sampling needs it
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _load(kind: Any, checkpoint: str, **options: Any) -> Any:
    from safetensors import SafetensorError

    _check_folder(checkpoint)
    try:
        return kind.from_pretrained(checkpoint, **options)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise PluginError(f"{checkpoint}: cannot be loaded: {_first_line(error)}") from error


def _check_folder(checkpoint: str) -> None:
    if not checkpoint:
        raise PluginError(
            "the policy has no weights to train: give the recipe one that is loaded from a "
            "checkpoint, not one behind a service"
        )
    folder = Path(checkpoint)
    if not folder.is_dir():
        if folder.is_absolute() or checkpoint.startswith("."):
            raise PluginError(f"{checkpoint}: no such folder")
        return  # a hub name
    if not (folder / "config.json").is_file():
        raise PluginError(f"{checkpoint}: no config.json, so this is not a checkpoint")
    if not any(folder.glob("*.safetensors")):
        raise PluginError(
            f"{checkpoint}: no safetensors file; load it once where you trust it and write it "
            "again with save_pretrained"
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
