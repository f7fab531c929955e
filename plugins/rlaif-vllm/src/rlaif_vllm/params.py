"""Parameters of the model `vllm`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_core.api import Params, ResourcePath


class VLLMParams(Params):
    """Parameters of `vllm`."""

    path: ResourcePath = Field(description="folder of a checkpoint, or its name on the hub")
    revision: str | None = Field(default=None, description="branch, tag or commit on the hub")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="of the weights; auto lets vLLM follow the checkpoint"
    )
    quantization: str | None = Field(
        default=None, description="awq, gptq, fp8, …; None follows the checkpoint"
    )
    max_model_len: int | None = Field(
        default=None, ge=1, description="context in tokens; None takes the checkpoint's own"
    )
    gpu_memory_utilization: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="share of the device's memory for this model (on a CPU: of the machine's); "
        "None takes vLLM's default, which leaves no room for a second model",
    )
    kv_cache_memory_bytes: int | None = Field(
        default=None, ge=1, description="bytes for keys and values, in place of what is left"
    )
    tensor_parallel_size: int = Field(default=1, ge=1, description="GPUs that share the weights")
    max_num_seqs: int | None = Field(
        default=None, ge=1, description="sequences in one forward pass; None takes vLLM's default"
    )
    enforce_eager: bool = Field(
        default=False, description="start sooner and run slower: compile nothing, capture no graphs"
    )
    batch_size: int = Field(
        default=256, ge=1, description="requests taken at once; vLLM batches them by itself"
    )
