"""HTTP to one address, many requests at once.

The SDK's own clients work out address, headers, proxy and redirects anew for every request, which
costs as much as the request itself. Here it is done once: all requests go to the same place.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2


class Transport(httpx2.AsyncClient):
    """What the SDK sends its requests through: aiohttp, which holds hundreds of connections.

    Args:
        url: The only address that is asked. A proxy that the environment names for it is used.
        timeout: Seconds from the start of a request to the last byte of its answer.
    """

    def __init__(self, url: str, timeout: float) -> None:
        super().__init__(transport=_Nowhere())
        self._url = httpx2.URL(url)
        self._given: list[tuple[str, str]] = []
        self._whole = self.headers
        self._proxy = _proxy(url)
        self._deadline = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    def build_request(
        self, method: str, url: httpx2.URL | str, *, headers: Any = None, **rest: Any
    ) -> httpx2.Request:
        """The request, with this client's headers beneath the SDK's: most often the last ones."""
        if headers != self._given:
            self._given = headers
            self._whole = httpx2.Headers(self.headers)
            self._whole.update(headers)
        return httpx2.Request(method, self._url, headers=self._whole, content=rest["content"])

    async def send(self, request: httpx2.Request, **_: Any) -> httpx2.Response:
        """Send a request and read the whole answer.

        Raises:
            TimeoutError: After `timeout` seconds.
            aiohttp.ClientError: If the connection cannot be made, or breaks.
        """
        session = self._session = self._session or self._open()
        async with session.request(
            request.method,
            str(self._url),
            headers=request.headers,
            data=request.content,
            proxy=self._proxy,
        ) as answer:
            content = await answer.read()
            return httpx2.Response(
                answer.status, headers=answer.raw_headers, content=content, request=request
            )

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
        await super().aclose()

    def _open(self) -> aiohttp.ClientSession:
        # The engine bounds what is in flight; httpx2 undoes the compression, as with its own.
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=httpx2.create_ssl_context()),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._deadline,
            auto_decompress=False,
        )


class _Nowhere(httpx2.AsyncBaseTransport):
    """Never asked, since `send` does not: it saves httpx2 from preparing a pool of its own."""


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    named = getproxies()
    return None if proxy_bypass(parts.netloc) else named.get(parts.scheme) or named.get("all")
