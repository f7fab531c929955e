"""Models behind a service: answers are stored, so none may hold a key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from rlaif_core.api import ChatReply, ChatRequest, Context, Message, ModelError
from rlaif_kit.endpoint import Service
from rlaif_kit.service import ServiceClient, ServiceModel, ServiceParams


class Echo(ServiceClient):
    """Answers with the text it was sent."""

    failures = (OSError,)

    async def send(self, request: ChatRequest) -> ChatReply:
        return ChatReply(request.messages[0].content)

    def outcome(self, error: BaseException) -> ModelError:
        return ModelError(str(error))

    def unsent(self, request: ChatRequest) -> Mapping[str, float]:
        return {}

    async def close(self) -> None:
        pass


class Acme(ServiceModel[ServiceParams]):
    """A service whose one model echoes."""

    Params = ServiceParams
    service = Service("https://api.acme.test/v1", "ACME_API_KEY", "ACME_BASE_URL")

    def connect(self) -> Echo:
        return Echo(self.params.model)


@pytest.mark.parametrize(
    ("key", "answered"),
    [("sk-0123456789abcdef", "you sent ***"), ("none", "you sent none"), ("", "you sent ")],
)
def test_a_key_is_taken_out_of_an_answer_and_a_word_is_not(
    key: str, answered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_API_KEY", key)
    monkeypatch.setenv("ACME_BASE_URL", "http://127.0.0.1:1/v1")

    async def ask() -> ChatReply | ModelError:
        model = Acme(ServiceParams(model="m"))
        await model.setup(Context())
        (reply,) = await model.complete([ChatRequest((Message("user", f"you sent {key}"),))])
        return reply

    reply = asyncio.run(ask())
    assert isinstance(reply, ChatReply)
    assert reply.text == answered
