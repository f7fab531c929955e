"""The wire format of messages, and a model set up against a server on loopback."""

import asyncio

import pytest

from rlaif_anthropic.model import Anthropic, AnthropicParams
from rlaif_core.api import ChatRequest, Context, Message
from rlaif_core.testing.loopback import Answer, Loopback


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def message():
    """Writes a message as Anthropic does."""

    def make(*texts, stop_reason="end_turn", blocks=(), **rest):
        content = [{"type": "text", "text": text} for text in texts]
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-4-5-20251001",
            "content": [*blocks, *content],
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {
                "input_tokens": 12,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 3,
                "service_tier": "standard",
            },
            **rest,
        }

    return make


@pytest.fixture
def failed():
    """Writes an error as Anthropic does."""

    def make(status, said="no", kind="invalid_request_error", **rest):
        body = {
            "type": "error",
            "error": {"type": kind, "message": said, "details": None},
            "request_id": "req_1",
        }
        return Answer(status, body, **rest)

    return make


@pytest.fixture
def request_of():
    """Writes a request of one user turn."""

    def make(content="How is it?", **rest) -> ChatRequest:
        return ChatRequest((Message("user", content),), **rest)

    return make


@pytest.fixture
def ask(request_of):
    """Asks a model behind a scripted server, and returns its answers and the server."""

    def make(script, *requests, **params):
        requests = requests or (request_of(),)

        async def asked(url):
            settings = {"model": "claude-haiku-4-5", "base_url": url, "timeout": 60.0} | params
            model = Anthropic(AnthropicParams(**settings))
            await model.setup(Context())
            try:
                each = await asyncio.gather(*(model.complete([request]) for request in requests))
                return [answers[0] for answers in each]
            finally:
                await model.close()

        with Loopback(script) as server:
            answers = asyncio.run(asked(server.url))
        return answers, server

    return make


@pytest.fixture
def ask_one(ask):
    """Asks once, and returns the answer and what the server was sent."""

    def make(script, *requests, **params):
        answers, server = ask(script, *requests, **params)
        return answers[0], (server.requests[0].json if server.requests else None)

    return make
