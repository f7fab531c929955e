"""Model `vllm`: a local checkpoint in vLLM's offline engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from rlaif_core.api import Params, ResourcePath
from rlaif_core.kit.blocking import BlockingModel
from rlaif_core.kit.checkpoint import check_policy

if TYPE_CHECKING:
    from rlaif_vllm.answering import Answering


class VLLMParams(Params):
    """Which checkpoint to load, and how much of the machine vLLM may take for it."""

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


class VLLM(BlockingModel[VLLMParams]):
    """Any model that vLLM serves and that has a chat template, on GPUs or a CPU.

    vLLM works in processes of its own, unless the environment says
    `VLLM_ENABLE_V1_MULTIPROCESSING=0`. A cancelled call stops after the token it is at.
    """

    Params = VLLMParams

    def __init__(self, params: VLLMParams) -> None:
        super().__init__(params, params.path)
        self.batch_size = params.batch_size
        self._loaded: Answering | None = None

    @property
    def capabilities(self) -> frozenset[str]:
        """All that there is."""
        return frozenset({"options", "end_of_turn", "prefix", "schema", "seed"})

    @property
    def checkpoint(self) -> str:
        """The path."""
        return self.params.path

    def at(self, checkpoint: str) -> VLLM:
        """The same settings over another checkpoint.

        Raises:
            PluginError: If it is not there.
        """
        check_policy(checkpoint)
        return VLLM(self.params.model_copy(update={"path": checkpoint, "revision": None}))

    def load(self) -> tuple[str, Answering]:
        """Start the engine; see `BlockingModel.load`."""
        from rlaif_vllm.loading import load

        identity, self._loaded = load(self.params)
        return identity, self._loaded

    def unload(self) -> None:
        """Stop the engine."""
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.close()
