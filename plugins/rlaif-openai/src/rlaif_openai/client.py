"""The SDK's client, asked one request at a time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Final
from uuid import uuid4

import anyio
import httpx2
from openai import AsyncOpenAI, DefaultAioHttpClient, RequestOptions
from pydantic_core import to_json

from rlaif_core.api import ChatReply, ChatRequest, ModelError
from rlaif_kit.endpoint import Endpoint
from rlaif_kit.service import ServiceClient
from rlaif_openai import reply
from rlaif_openai.dialect import Dialect
from rlaif_openai.failures import FAILURES, outcome
from rlaif_openai.params import OpenAIParams
from rlaif_openai.request import body, unsent

NO_KEY: Final = "none"
"""Stand-in for a key where the server wants none: the SDK insists on one."""

OPTIONS: Final[RequestOptions] = {
    "headers": {},
    "params": {},
    "max_retries": 0,
    "timeout": None,
    "follow_redirects": True,
    "security": {"bearer_auth": True, "admin_api_key_auth": True},
    "synthesize_event_and_data": False,
    "stream_mode": "legacy",
}
"""The SDK's own settings, said aloud: for each request it copies deeply what is left out."""


class Client(ServiceClient):
    """An open client.

    Args:
        params: The recipe's parameters.
        where: The service, with its key.
        how: How the model wants to be asked.
    """

    failures = FAILURES

    def __init__(self, params: OpenAIParams, where: Endpoint, how: Dialect) -> None:
        super().__init__(params.model)
        self._timeout = params.timeout
        self._where = where
        self._how = how
        self._name, self._numbers = uuid4().hex, count()
        self._url = f"{where.url.rstrip('/')}/chat/completions"
        self._sdk = AsyncOpenAI(
            api_key=where.key or NO_KEY,
            base_url=where.url,
            organization=params.organization,
            project=params.project,
            max_retries=0,  # the engine's
            timeout=None,  # one deadline below covers connecting, waiting and a trickling body
            http_client=_http(),
        )
        if not where.trusted:
            # The SDK takes OPENAI_ORG_ID, OPENAI_PROJECT_ID, OPENAI_CUSTOM_HEADERS to any server.
            self._sdk.organization, self._sdk.project = params.organization, params.project
            self._sdk._custom_headers = {}

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
            # The bytes, and no model of the SDK's: building that costs as much as the call.
            return await self._sdk.post(
                self._url,
                content=to_json(written),
                cast_to=bytes,
                options={**OPTIONS, "idempotency_key": f"{self._name}-{next(self._numbers)}"},
            )
        raise self._where.late(self._timeout)

    async def close(self) -> None:
        """Close its connections."""
        await self._sdk.close()


def _http() -> DefaultAioHttpClient:
    try:
        return DefaultAioHttpClient()
    except httpx2.InvalidURL:  # not quoted, since it may hold a password
        raise ValueError("the proxy's address is none: write http://HOST:PORT") from None
