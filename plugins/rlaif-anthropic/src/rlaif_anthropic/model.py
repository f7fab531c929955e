"""Model `anthropic`: a Claude model behind the Anthropic API."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rlaif_anthropic import catalogue
from rlaif_anthropic.dialect import dialect, identity
from rlaif_anthropic.params import AnthropicParams
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

if TYPE_CHECKING:
    from rlaif_anthropic.client import Client

SERVICE: Final = Service("https://api.anthropic.com", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


class Anthropic(Model[AnthropicParams]):
    """A Claude model behind the Anthropic API, or behind a gateway that speaks it."""

    Params = AnthropicParams

    def __init__(self, params: AnthropicParams) -> None:
        super().__init__(params)
        self.concurrency = params.concurrency
        self._where = endpoint(SERVICE, params.base_url, params.api_key, os.environ)
        self._how = dialect(params)
        self._identity = identity(params, self._where)
        self._client: Client | None = None
        known = catalogue.find(params.model).prices if self._where.official else None
        self._priced = params.prices is not None or known is not None or self._where.loopback
        if params.prices is not None:
            self.prices = Prices(params.prices.prompt, params.prices.completion)
        elif known is not None:
            self.prices = known

    @property
    def identity(self) -> str:
        """Service, model, and a digest of the settings that change its answers."""
        return self._identity

    @property
    def capabilities(self) -> frozenset[str]:
        """Schemas, and prefixes where the model continues a begun answer."""
        return self._how.capabilities

    async def setup(self, context: Context) -> None:
        """Open the client.

        Raises:
            PluginError: The key is missing or impossible, or the address is none.
        """
        self._where.check(self.params.model)
        from rlaif_anthropic.client import Client

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
