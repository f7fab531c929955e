"""Model `vllm`: a local checkpoint in vLLM's offline engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlaif_kit.blocking import BlockingModel
from rlaif_kit.checkpoint import check_policy
from rlaif_vllm.params import VLLMParams

if TYPE_CHECKING:
    from rlaif_vllm.answering import Answering


class VLLM(BlockingModel[VLLMParams]):
    """Any model that vLLM serves and that has a chat template, on GPUs or a CPU.

    vLLM works in processes of its own, unless the environment has
    `VLLM_ENABLE_V1_MULTIPROCESSING=0`. A cancelled call stops after the token it is at.
    """

    Params = VLLMParams

    def __init__(self, params: VLLMParams) -> None:
        super().__init__(params, params.path)
        self.batch_size = params.batch_size
        self._loaded: Answering | None = None

    @property
    def capabilities(self) -> frozenset[str]:
        """All capabilities."""
        return frozenset({"options", "end_of_turn", "prefix", "schema", "seed"})

    @property
    def checkpoint(self) -> str:
        """The path."""
        return self.params.path

    def at(self, checkpoint: str) -> VLLM:
        """The same settings with another checkpoint.

        Raises:
            PluginError: If there is no such checkpoint.
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
