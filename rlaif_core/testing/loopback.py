"""A scripted HTTP server on loopback, for tests of models behind a service.

    with Loopback([Answer(429, headers={"retry-after": "1"}), Answer(body=completion)]) as server:
        model = Acme(Acme.Params(base_url=server.url))

It speaks HTTP/1.1 from a thread of its own, so real clients meet it over a real socket.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Literal

RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a closed socket send a reset instead of an orderly end."""


@dataclass(frozen=True)
class Received:
    """A request as it arrived; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """Answer of the server to one request.

    Attributes:
        status: HTTP status.
        body: Bytes as they are, or a JSON value.
        headers: Beside content type and length; with `transfer-encoding: chunked` there is no
            length, and the body is the chunks.
        delay: Seconds before the answer begins.
        fault: "reset" breaks the connection instead of answering, "truncated" in the middle of
            the body; "stalled" sends half of the body, and nothing more.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    fault: Literal["", "reset", "truncated", "stalled"] = ""


Script = Answer | Sequence[Answer] | Callable[[Received], Answer]
"""The same answer always, answers in turn (the last one stays), or a function of the request."""


class Loopback:
    """The server; `with` starts and stops it.

    Args:
        script: What it answers.
        remember: Whether to keep the requests; a benchmark asks too many.
        tls: The server's certificate, for https.

    Attributes:
        requests: All requests so far, in the order of their arrival.
        at_once: The number of requests that it is answering now.
        most_at_once: The largest number of requests that it was answering at the same time.
    """

    def __init__(
        self, script: Script, *, remember: bool = True, tls: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Received] = []
        self.at_once = 0
        self.most_at_once = 0
        self._asked = 0
        self._remember = remember
        self._script = script
        self._tls = tls
        self._port = 0
        self._open: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """Its address, `http://127.0.0.1:PORT`."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def __enter__(self) -> Loopback:
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self._server = listening.result()
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def answer(self, request: Received) -> Answer:
        """Answer of the script to a request, which is counted."""
        self._asked += 1
        if self._remember:
            self.requests.append(request)
        if isinstance(self._script, Answer):
            return self._script
        if callable(self._script):
            return self._script(request)
        return self._script[min(self._asked, len(self._script)) - 1]

    def began(self) -> None:
        """A request is being answered."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)

    def ended(self) -> None:
        """It has been answered, or its connection is gone."""
        self.at_once -= 1

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: _Connection(self, self._open), "127.0.0.1", 0, backlog=1024, ssl=self._tls
        )

    async def _stop(self) -> None:
        self._server.close()
        for connection in list(self._open):
            connection.abort()
        await asyncio.sleep(0)


class _Connection(asyncio.Protocol):
    """One client; keeps the connection open between requests, which must come one at a time."""

    def __init__(self, server: Loopback, opened: set[_Connection]) -> None:
        self._server = server
        self._opened = opened
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._opened.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._opened.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._server.ended()

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        answer = self._server.answer(Received(first.split()[1], headers, rest[:length]))
        self._server.began()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(answer.delay, self._reply, answer)

    def _reply(self, answer: Answer) -> None:
        self._timer = None
        self._server.ended()
        if answer.fault == "reset":
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._transport.abort()
            return
        is_bytes = isinstance(answer.body, bytes)
        body = answer.body if is_bytes else json.dumps(answer.body).encode()
        headers = {"content-type": "application/json"}
        if "transfer-encoding" not in answer.headers:
            headers["content-length"] = str(len(body))
        lines = [f"HTTP/1.1 {answer.status} {_reason(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in (headers | dict(answer.headers)).items()]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        half = answer.fault in ("truncated", "stalled")
        self._transport.write(head + (body[: len(body) // 2] if half else body))
        if answer.fault == "truncated":
            self._transport.close()


def _reason(status: int) -> str:
    known = {HTTPStatu.value for HTTPStatu in HTTPStatus}
    return HTTPStatus(status).phrase if status in known else "Unknown"
