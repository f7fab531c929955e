"""The model `transformers`: a local checkpoint behind the interface of all models."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rlaif_kit.blocking import BlockingModel
from rlaif_kit.checkpoint import check_policy, checkpoint_identity, fingerprint
from rlaif_transformers.params import TransformersParams

if TYPE_CHECKING:
    from rlaif_transformers.answering import LocalModel
    from rlaif_transformers.loading import Loaded


class Transformers(BlockingModel[TransformersParams]):
    """Any causal language model that `from_pretrained` loads and that has a chat template.

    A cancelled call stops after the token it is at.
    """

    Params = TransformersParams

    def __init__(self, params: TransformersParams) -> None:
        super().__init__(params, params.path)
        self.batch_size = params.batch_size

    @property
    def capabilities(self) -> frozenset[str]:
        """Options, prefixes and seeds, but no schemas."""
        return frozenset({"options", "end_of_turn", "prefix", "seed"})

    @property
    def checkpoint(self) -> str | None:
        """The path; None with an adapter, since `path` alone is not this model."""
        return self.params.path if self.params.adapter is None else None

    def at(self, checkpoint: str) -> Transformers:
        """The same settings with another checkpoint.

        Raises:
            PluginError: If there is no such checkpoint.
        """
        check_policy(checkpoint)
        moved = {"path": checkpoint, "revision": None, "adapter": None}
        return Transformers(self.params.model_copy(update=moved))

    def load(self) -> tuple[str, LocalModel]:
        """Load the checkpoint; see `BlockingModel.load`."""
        from rlaif_transformers.answering import LocalModel
        from rlaif_transformers.loading import load

        loaded = load(self.params)
        local = LocalModel(loaded, self.params.max_batch_tokens, self.params.threads)
        return self._named(loaded), local

    def unload(self) -> None:
        """Free the memory of a device."""
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _named(self, loaded: Loaded) -> str:
        """`name@content`, followed by other settings that change the replies."""
        parts = [checkpoint_identity(self.params.path, loaded.commit)]
        if self.params.adapter is not None:
            parts.append(f"adapter@{fingerprint(Path(self.params.adapter))[:16]}")
        if self.params.dtype != "auto":
            parts.append(self.params.dtype)
        return "+".join(parts)
