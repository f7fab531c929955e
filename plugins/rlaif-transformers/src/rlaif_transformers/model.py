"""Model `transformers`: a local checkpoint behind the interface that every model has."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from rlaif_core.api import (
    ChatReply,
    ChatRequest,
    Context,
    Model,
    ModelError,
    Params,
    PluginError,
    ResourcePath,
)

if TYPE_CHECKING:
    from rlaif_transformers.local import LocalModel


class TransformersParams(Params):
    """Which checkpoint to load, where to, and how much of it to feed at once."""

    path: ResourcePath = Field(description="folder of a checkpoint, or its name on the hub")
    revision: str | None = Field(default=None, description="branch, tag or commit on the hub")
    adapter: ResourcePath | None = Field(
        default=None, description="folder of a PEFT adapter, merged into the weights when loaded"
    )
    device: str = Field(
        default="auto", description="auto, cpu, cuda, cuda:1, mps; auto takes the fastest there is"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="of the weights; auto keeps the checkpoint's own"
    )
    attn_implementation: str | None = Field(
        default=None, description="eager, sdpa, flash_attention_2, …; None lets the library choose"
    )
    batch_size: int = Field(
        default=128, ge=1, description="requests taken at once, to be sorted by length"
    )
    max_batch_tokens: int | None = Field(
        default=None,
        ge=1,
        description="tokens in one forward batch, padding included; 8192 on a CPU, 32768 elsewhere",
    )


class Transformers(Model[TransformersParams]):
    """Any causal language model that `from_pretrained` loads and that has a chat template.

    The work is done in one thread of its own, so the event loop stays free and calls never
    overlap. A cancelled call stops after the token it is at.
    """

    Params = TransformersParams

    def __init__(self, params: TransformersParams) -> None:
        super().__init__(params)
        self.batch_size = params.batch_size
        self._identity = params.path
        self._local: LocalModel | None = None
        self._worker: ThreadPoolExecutor | None = None

    @property
    def identity(self) -> str:
        """The checkpoint's name and a fingerprint of its content (on the hub: its commit)."""
        return self._identity

    @property
    def capabilities(self) -> frozenset[str]:
        """Options, prefixes and seeds; no schemas."""
        return frozenset({"options", "prefix", "seed"})

    @property
    def checkpoint(self) -> str | None:
        """The path; None with an adapter, since `path` alone is not this model."""
        return self.params.path if self.params.adapter is None else None

    def at(self, checkpoint: str) -> Transformers:
        """The same settings over another checkpoint."""
        moved = {"path": checkpoint, "revision": None, "adapter": None}
        return Transformers(self.params.model_copy(update=moved))

    async def setup(self, context: Context) -> None:
        """Load the checkpoint.

        Raises:
            PluginError: There is no such checkpoint, or it cannot be loaded here.
            DataError: It is not a chat model: no chat template, no end of a turn, weights missing.
        """
        await super().setup(context)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="transformers")
        self._identity, self._local = await asyncio.get_running_loop().run_in_executor(
            self._worker, self._load
        )

    def _load(self) -> tuple[str, LocalModel]:
        from rlaif_transformers.fingerprint import identity_of
        from rlaif_transformers.loading import load
        from rlaif_transformers.local import LocalModel

        loaded = load(self.params)
        return identity_of(self.params, loaded), LocalModel(loaded, self.params.max_batch_tokens)

    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        """Answer requests in their order; see `Model.complete`.

        A prompt that does not fit the context is an error in its place, never cut short.
        """
        if self._local is None or self._worker is None:
            raise PluginError(f"model {self.params.path!r} was asked before it was set up")
        halt = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._worker, self._local.answer, requests, halt
            )
        except asyncio.CancelledError:
            halt.set()
            raise

    async def close(self) -> None:
        """Free the weights."""
        if self._worker is not None:
            self._worker.shutdown(cancel_futures=True)
        self._worker = self._local = None
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()
