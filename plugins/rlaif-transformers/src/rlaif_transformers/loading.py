"""Loading of weights and tokenizer: safetensors only, and no code from checkpoints."""

# mypy: allow-untyped-calls
# (parts of torch and transformers carry no annotations)

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging

from rlaif_core.api import DataError, PluginError
from rlaif_kit.chat_format import check_chat_template
from rlaif_kit.checkpoint import cannot_load, check_checkpoint
from rlaif_transformers.padding import MISREAD_BY

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from rlaif_transformers.params import TransformersParams


@dataclass(frozen=True)
class Loaded:
    """A checkpoint in memory.

    Attributes:
        model: The weights, in evaluation mode, on their device.
        tokenizer: Has a chat template and a pad token.
        endings: Token ids that end a reply, by its generation configuration.
        commit: The commit on the hub, if it came from there.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    endings: frozenset[int]
    commit: str | None = None


def load(params: TransformersParams) -> Loaded:
    """Load the checkpoint, and the adapter if there is one.

    Raises:
        PluginError: If the checkpoint, its safetensors, the device or a library is missing, or
            the architecture cannot be asked in batches.
        DataError: If the checkpoint lacks weights of a language model, or a chat template.
    """
    check_checkpoint(params.path)
    _check_adapter(params)
    try:
        device = _device(params.device)
        with _quiet():
            _check_kind(params)
            tokenizer = AutoTokenizer.from_pretrained(
                params.path, revision=params.revision, trust_remote_code=False
            )
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                params.path,
                revision=params.revision,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=params.dtype,
                attn_implementation=params.attn_implementation,
                output_loading_info=True,
            )
            model, report = loaded
            if params.adapter is not None:
                model = _with_adapter(model, params.adapter)
            model = model.to(device).eval()
    except (OSError, ValueError, RuntimeError, ImportError, SafetensorError) as error:
        raise cannot_load(params.path, error) from error
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise DataError(
            f"model {params.path!r} lacks {len(missing)} weights of a language model "
            f"({missing[0]}, …): give the checkpoint of a causal language model"
        )
    check_chat_template(tokenizer, params.path)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    endings = _endings(model, tokenizer)
    # The checkpoint's own sampling settings (top_k, repetition_penalty) would silently apply.
    model.generation_config = GenerationConfig()
    return Loaded(model, tokenizer, endings, getattr(model.config, "_commit_hash", None))


def _check_kind(params: TransformersParams) -> None:
    config = AutoConfig.from_pretrained(
        params.path, revision=params.revision, trust_remote_code=False
    )
    if config.model_type in MISREAD_BY:
        raise PluginError(
            f"model {params.path!r} is of the type {config.model_type}, which takes padding for "
            "text in transformers, so that batches would be wrong: use a model of another type"
        )


def _check_adapter(params: TransformersParams) -> None:
    adapter = params.adapter
    if adapter is not None and not (Path(adapter) / "adapter_model.safetensors").is_file():
        raise PluginError(f"no adapter in {adapter!r}: it has no adapter_model.safetensors")


def _with_adapter(model: PreTrainedModel, folder: str) -> PreTrainedModel:
    try:
        from peft import PeftModel
    except ImportError:
        raise PluginError(
            "parameter 'adapter' needs peft, which is not installed: "
            "pip install 'rlaif-transformers[adapter]'"
        ) from None
    merged: Any = PeftModel.from_pretrained(model, folder)
    plain: PreTrainedModel = merged.merge_and_unload()
    return plain


def _device(name: str) -> torch.device:
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next((kind for kind, usable in here.items() if usable), "cpu"))
    device = torch.device(name)
    if not here.get(device.type, True):
        raise PluginError(f"device {name!r} is not available here: use cpu or auto")
    return device


def _endings(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    named = model.generation_config.eos_token_id if model.generation_config else None
    several = named if isinstance(named, list) else [named]
    return frozenset(token for token in (*several, tokenizer.eos_token_id) if token is not None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the library's loading bars, which would cross the run's own progress display."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
