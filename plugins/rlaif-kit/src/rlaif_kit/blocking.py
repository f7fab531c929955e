"""Base of models whose library blocks: each is loaded and asked in one thread of its own."""

from __future__ import annotations

import asyncio
import threading
from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from rlaif_core.api.chat import ChatReply, ChatRequest
from rlaif_core.api.component import Context, P
from rlaif_core.api.errors import ModelError, PluginError
from rlaif_core.api.model import Model


class Answerer(Protocol):
    """A loaded checkpoint."""

    def answer(
        self, requests: Sequence[ChatRequest], halt: threading.Event
    ) -> Sequence[ChatReply | ModelError]:
        """One reply or error a request, in their order; once `halt` is set, begin nothing more."""


class BlockingModel(Model[P]):
    """A model that is loaded and asked in one thread.

    The event loop stays free and calls never overlap. A cancelled call sets the `halt` event that
    its work was given.

    Args:
        params: The validated parameters.
        name: The identity before it is loaded, and the name in messages.
    """

    def __init__(self, params: P, name: str) -> None:
        super().__init__(params)
        self._name = self._identity = name
        self._local: Answerer | None = None
        self._worker: ThreadPoolExecutor | None = None

    @property
    def identity(self) -> str:
        """The checkpoint's name and a fingerprint of its content (on the hub: its commit)."""
        return self._identity

    @abstractmethod
    def load(self) -> tuple[str, Answerer]:
        """The model's identity, and its checkpoint in memory. Runs in the model's thread.

        Raises:
            PluginError: If there is no such checkpoint, or it cannot be loaded here.
            DataError: If it is not a chat model.
        """

    def unload(self) -> None:
        """Free what `load` took, or had taken when it failed. Runs in the model's thread."""

    async def setup(self, context: Context) -> None:
        """Load the checkpoint.

        Raises:
            PluginError: If there is no such checkpoint, or it cannot be loaded here.
            DataError: If it is not a chat model: no chat template, no end of a turn, or weights
                missing.
        """
        await super().setup(context)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=type(self).__name__)
        self._identity, self._local = await asyncio.get_running_loop().run_in_executor(
            self._worker, self.load
        )

    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        """Answer requests in their order; see `Model.complete`.

        A prompt that does not fit the context is an error in its place, never cut short.
        """
        if self._worker is None:
            raise PluginError(f"model {self._name!r} was asked before it was set up")
        halt = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._worker, self._answer, requests, halt
            )
        except asyncio.CancelledError:
            halt.set()
            raise

    async def release(self) -> None:
        """Free the weights until the next call, which loads them again."""
        if self._worker is not None and self._local is not None:
            self._local = None
            await asyncio.get_running_loop().run_in_executor(self._worker, self.unload)

    async def close(self) -> None:
        """Free the weights."""
        worker, self._worker, self._local = self._worker, None, None
        if worker is not None:
            await asyncio.get_running_loop().run_in_executor(worker, self.unload)
            worker.shutdown(cancel_futures=True)

    def _answer(
        self, requests: Sequence[ChatRequest], halt: threading.Event
    ) -> Sequence[ChatReply | ModelError]:
        if self._local is None:
            _, self._local = self.load()
        return self._local.answer(requests, halt)
