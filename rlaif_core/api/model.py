"""Kind `models`: anything that completes a chat."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rlaif_core.api.chat import ChatReply, ChatRequest
from rlaif_core.api.component import Component, P
from rlaif_core.api.errors import ModelError, PluginError


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens."""

    prompt: float = 0.0
    completion: float = 0.0


class Model(Component[P]):
    """Completes chats. Retries, caching, limits and batching are the engine's, not the model's."""

    is_service: ClassVar[bool] = False
    """True if it is asked over the network and holds no weights: it is set up when a run begins,
    so that a missing key is reported before anything is paid for."""

    batch_size: int = 1
    """Number of requests `complete` takes at once: 1 for a service, more for local weights."""

    concurrency: int = 1
    """Number of calls of `complete` that may be in flight at once."""

    prices: Prices = Prices()

    def unpriced(self) -> str | None:
        """Reason `prices` is not what its calls cost, and the fix; None if it is.

        Asked while a recipe is checked, before `setup`: what has no price cannot be held to a
        budget in dollars.
        """
        return None

    @property
    @abstractmethod
    def identity(self) -> str:
        """Names the model *and* its weights, once set up: the ledger's cache is keyed by it."""

    @property
    def capabilities(self) -> frozenset[str]:
        """Any of "options", "end_of_turn", "prefix", "schema" and "seed".

        "options" are option log-probabilities, and "end_of_turn" says that they can include the
        end of the turn.
        """
        return frozenset()

    @property
    def checkpoint(self) -> str | None:
        """Folder or hub name for `from_pretrained`; None if nothing can be trained."""
        return None

    def at(self, checkpoint: str) -> Model[P]:
        """The same kind of model over another checkpoint: the policy after a round.

        Raises:
            PluginError: If this model has no weights that could be replaced, or the checkpoint is
                plainly not there.
        """
        raise PluginError(f"{type(self).__name__} has no checkpoint to train, so it is no policy")

    async def release(self) -> None:
        """Give back the memory that the weights take; the next `complete` takes it again.

        Called before something is trained in this process, when no call is under way. A service
        holds nothing here, and does nothing.
        """

    @abstractmethod
    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        """Answer up to `batch_size` requests, in their order.

        Returns:
            One reply or error a request. An error in its place costs that request alone.

        Raises:
            ModelError: If the whole call failed.
        """
