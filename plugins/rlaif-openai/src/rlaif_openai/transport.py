"""HTTP to one address, many requests at once.

The SDK's own clients work out address, headers, proxy and redirects anew for every request, which
costs as much as the request itself. Here it is done once: all requests go to the same place.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import httpx2

from rlaif_openai.proxy import proxy_for


class Transport(httpx2.AsyncClient):
    """Transport of the SDK: aiohttp, which holds hundreds of connections.

    Args:
        url: The only address that is asked. A proxy that the environment names for it is used.
        timeout: Seconds from the start of a request to the last byte of its answer.
    """

    def __init__(self, url: str, timeout: float) -> None:
        super().__init__(transport=_Nowhere())
        self._url = httpx2.URL(url)
        self._certificates = httpx2.create_ssl_context()
        self._given: list[tuple[str, str]] = []
        self._whole = self.headers
        proxy = proxy_for(url)
        self._proxy = None if proxy is None else str(proxy.url)
        self._proxy_auth = aiohttp.BasicAuth(*proxy.auth, "utf-8") if proxy and proxy.auth else None
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
            httpx2.ReadTimeout: After `timeout` seconds.
            aiohttp.ClientError: If the connection cannot be made, or breaks.
        """
        session = self._session = self._session or self._open()
        try:
            async with session.request(
                request.method,
                str(self._url),
                headers=request.headers,
                data=request.content,
                proxy=self._proxy,
                proxy_auth=self._proxy_auth,
            ) as answer:
                content = await answer.read()
        except asyncio.TimeoutError:  # another class than TimeoutError before Python 3.11
            raise httpx2.ReadTimeout("no answer in time", request=request) from None
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
            connector=aiohttp.TCPConnector(limit=0, ssl=self._certificates),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._deadline,
            auto_decompress=False,
        )


class _Nowhere(httpx2.AsyncBaseTransport):
    """Never asked, since `send` does not: it saves httpx2 from preparing a pool of its own."""
