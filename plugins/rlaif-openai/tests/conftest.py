"""The wire format of chat completions, and a model set up against a server on loopback."""

import asyncio

import pytest

from rlaif_core.api import ChatRequest, Context, Message
from rlaif_core.testing.loopback import Answer, Loopback
from rlaif_openai.model import OpenAI, OpenAIParams


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def completion():
    """Writes a chat completion as OpenAI does."""

    def make(content="Fine.", finish_reason="stop", refusal=None, top=None, **rest):
        message = {"role": "assistant", "content": content, "refusal": refusal, "annotations": []}
        choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
        if top is not None:
            listed = [{"token": token, "logprob": p, "bytes": None} for token, p in top]
            choice["logprobs"] = {
                "content": [{**listed[0], "top_logprobs": listed}],
                "refusal": None,
            }
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4.1-2025-04-14",
            "choices": [choice],
            "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
            "system_fingerprint": "fp_1",
            **rest,
        }

    return make


@pytest.fixture
def failed():
    """Writes an error as OpenAI does."""

    def make(status, message="no", code=None, param=None, kind="invalid_request_error", **rest):
        error = {"message": message, "type": kind, "param": param, "code": code}
        return Answer(status, {"error": error}, **rest)

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
            settings = {"model": "gpt-4.1", "base_url": f"{url}/v1", "timeout": 60.0} | params
            model = OpenAI(OpenAIParams(**settings))
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
