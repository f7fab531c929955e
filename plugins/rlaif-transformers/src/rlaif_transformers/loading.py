"""From a folder or hub name to weights and tokenizer: safetensors only, no code of theirs."""

# mypy: allow-untyped-calls
# (parts of torch and transformers carry no annotations)

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging

from rlaif_core.api import DataError, PluginError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from rlaif_transformers.model import TransformersParams


_HUB_NAME: Final = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")


@dataclass(frozen=True)
class Loaded:
    """A checkpoint in memory.

    Attributes:
        model: The weights, in evaluation mode, on their device.
        tokenizer: Has a chat template and a pad token.
        endings: Token ids after which its generation configuration says a reply is over.
        commit: The commit on the hub that it came from, if it came from there.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    endings: frozenset[int]
    commit: str | None = None


def load(params: TransformersParams) -> Loaded:
    """Load what `params` name.

    Raises:
        PluginError: No such checkpoint, no safetensors, no such device, a missing library.
        DataError: The checkpoint lacks weights of a language model, or a chat template.
    """
    _check_folder(params)
    try:
        device = _device(params.device)
        with _quiet():
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
        raise PluginError(f"model {params.path!r} cannot be loaded: {_one_line(error)}") from error
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise DataError(
            f"model {params.path!r} lacks {len(missing)} weights of a language model "
            f"({missing[0]}, …): give the checkpoint of a causal language model"
        )
    if not tokenizer.chat_template:
        raise DataError(
            f"model {params.path!r} has no chat template: put a chat_template.jinja beside its "
            "tokenizer.json, or take the chat version of the model"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"
    endings = _endings(model, tokenizer)
    # The checkpoint's own taste in sampling (top_k, repetition_penalty) would silently join in.
    model.generation_config = GenerationConfig()
    return Loaded(model, tokenizer, endings, getattr(model.config, "_commit_hash", None))


def _check_folder(params: TransformersParams) -> None:
    folder = Path(params.path)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise PluginError(f"no checkpoint in {params.path!r}: the folder has no config.json")
    elif folder.exists() or not _HUB_NAME.fullmatch(params.path):
        raise PluginError(f"no checkpoint at {params.path!r}: there is no such folder")
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
        raise PluginError(f"device {name!r} is not to be had here: use cpu or auto")
    return device


def _endings(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    named = model.generation_config.eos_token_id if model.generation_config else None
    several = named if isinstance(named, list) else [named]
    return frozenset(one for one in (*several, tokenizer.eos_token_id) if one is not None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Loading bars of the library would cross the run's own progress display."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]
