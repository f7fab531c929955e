"""Model `openai`: a model behind the OpenAI API, or behind a server that speaks it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rlaif_core.api import (
    ChatReply,
    ChatRequest,
    Context,
    Model,
    ModelError,
    PluginError,
    Prices,
)
from rlaif_core.api.endpoint import Service, endpoint
from rlaif_openai import catalogue
from rlaif_openai.dialect import dialect, identity
from rlaif_openai.params import OpenAIParams

if TYPE_CHECKING:
    from rlaif_openai.client import Client

SERVICE: Final = Service("https://api.openai.com/v1", "OPENAI_API_KEY", "OPENAI_BASE_URL")


class OpenAI(Model[OpenAIParams]):
    """A model behind the OpenAI API: OpenAI's own, vLLM's, llama.cpp's, a gateway's."""

    Params = OpenAIParams

    def __init__(self, params: OpenAIParams) -> None:
        super().__init__(params)
        self.concurrency = params.concurrency
        self._where = endpoint(SERVICE, params.base_url, params.api_key, os.environ)
        self._how = dialect(params, self._where)
        self._identity = identity(params, self._where)
        self._client: Client | None = None
        known = catalogue.find(params.model) if self._where.official else None
        self._priced = params.prices is not None or known is not None or self._where.loopback
        if params.prices is not None:
            self.prices = Prices(params.prices.prompt, params.prices.completion)
        elif known is not None:
            self.prices = known.prices

    @property
    def identity(self) -> str:
        """Service, model, and a digest of the settings that change its answers.

        Weights behind an alias may change while its name stays: name a dated snapshot.
        """
        return self._identity

    @property
    def capabilities(self) -> frozenset[str]:
        """Schemas; option probabilities where the model gives them; prefixes behind vLLM."""
        return self._how.capabilities

    async def setup(self, context: Context) -> None:
        """Open the client.

        Raises:
            PluginError: The key is missing or impossible, or the address is none.
        """
        self._where.check(self.params.model)
        from rlaif_openai.client import Client

        await super().setup(context)
        if not self._priced:
            warnings.warn(
                f"no price is known of model '{self.params.model}', so it counts as free: "
                "set `prices: {prompt: …, completion: …}`, in dollars per million tokens",
                stacklevel=2,
            )
        self._client = Client(self.params, self._where, self._how)

    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        """Answer requests in their order; see `Model.complete`."""
        if self._client is None:
            raise PluginError(f"model '{self.params.model}' was asked before it was set up")
        return [await self._client.ask(request) for request in requests]

    async def close(self) -> None:
        """Close the client's connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
