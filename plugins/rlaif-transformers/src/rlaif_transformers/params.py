"""Parameters of the model `transformers`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_core.api import Params, ResourcePath


class TransformersParams(Params):
    """Parameters of `transformers`."""

    path: ResourcePath = Field(description="folder of a checkpoint, or its name on the hub")
    revision: str | None = Field(default=None, description="branch, tag or commit on the hub")
    adapter: ResourcePath | None = Field(
        default=None, description="folder of a PEFT adapter, merged into the weights when loaded"
    )
    device: str = Field(
        default="auto",
        description="auto, cpu, cuda, cuda:1, mps; auto picks the fastest one available",
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="of the weights; auto keeps the checkpoint's own"
    )
    attn_implementation: str | None = Field(
        default=None, description="eager, sdpa, flash_attention_2, …; None lets the library choose"
    )
    batch_size: int = Field(
        default=256, ge=1, description="requests taken at once, to be sorted into batches"
    )
    max_batch_tokens: int | None = Field(
        default=None,
        ge=1,
        description="tokens in one forward batch, padding included; 8192 on a CPU, 32768 elsewhere",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        description="on a CPU; null: OMP_NUM_THREADS, else one for a model below 20 million "
        "weights and PyTorch's choice for others",
    )
