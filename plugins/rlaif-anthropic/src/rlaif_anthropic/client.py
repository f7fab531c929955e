"""The SDK's client, asked one request at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import anyio
import httpx2
from anthropic import AsyncAnthropic, DefaultAioHttpClient

from rlaif_anthropic import reply
from rlaif_anthropic.dialect import Dialect
from rlaif_anthropic.failures import FAILURES, outcome
from rlaif_anthropic.params import AnthropicParams
from rlaif_anthropic.request import body, unsent
from rlaif_core.api import ChatReply, ChatRequest, ModelError
from rlaif_kit.endpoint import Endpoint
from rlaif_kit.service import ServiceClient

NO_KEY: Final = "none"
"""Stand-in for a key where the server wants none: the SDK insists on one."""


class Client(ServiceClient):
    """An open client.

    Args:
        params: The recipe's parameters.
        where: The service, with its key.
        how: How the model wants to be asked.
    """

    failures = FAILURES

    def __init__(self, params: AnthropicParams, where: Endpoint, how: Dialect) -> None:
        super().__init__(params.model)
        self._timeout = params.timeout
        self._where = where
        self._how = how
        self._sdk = AsyncAnthropic(
            api_key=where.key or NO_KEY,
            base_url=where.url,
            max_retries=0,  # the engine's
            timeout=None,  # one deadline below covers connecting, waiting and a trickling body
            http_client=_http(),
        )
        if not where.trusted:
            self._sdk._custom_headers = {}  # the SDK takes ANTHROPIC_CUSTOM_HEADERS to any server

    async def send(self, request: ChatRequest) -> ChatReply:
        """See `ServiceClient.send`."""
        return reply.read(await self._post(body(request, self._how)), request, self._where)

    def outcome(self, error: BaseException) -> ChatReply | ModelError:
        """See `ServiceClient.outcome`."""
        return outcome(error, self._how.model, self._where)

    def unsent(self, request: ChatRequest) -> Mapping[str, float]:
        """See `ServiceClient.unsent`."""
        return unsent(request, self._how)

    async def _post(self, written: dict[str, Any]) -> bytes:
        with anyio.move_on_after(self._timeout):
            # Not `messages.create`: it takes no sampling parameters, and builds a model of the
            # SDK's where the bytes are wanted.
            return await self._sdk.post("/v1/messages", body=written, cast_to=bytes)
        raise self._where.late(self._timeout)

    async def close(self) -> None:
        """Close its connections."""
        await self._sdk.close()


def _http() -> DefaultAioHttpClient:
    try:
        return DefaultAioHttpClient()
    except httpx2.InvalidURL:  # not quoted, since it may hold a password
        raise ValueError("the proxy's address is none: write http://HOST:PORT") from None
