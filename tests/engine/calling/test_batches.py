"""Local models are asked in full batches."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rlaif_core.api import ChatReply, ChatRequest, ModelError
from tests.support.fake_model import Fake, ask, calling, good


def test_a_local_model_is_asked_in_full_batches_by_length(tmp_path: Path) -> None:
    async def scenario() -> list[list[ChatRequest]]:
        model = Fake(good, batch=4)
        async with calling(model, tmp_path) as (caller, _, _):
            texts = ["x" * n for n in (9, 1, 8, 2, 7, 3, 6, 4, 5)]
            await asyncio.gather(*(caller.chat(ask(text)) for text in texts))
        return model.batches

    batches = asyncio.run(scenario())
    lengths = [[len(request.messages[0].content) for request in batch] for batch in batches]
    assert lengths == [[1, 2, 3, 4], [5, 6, 7, 8], [9]]


def test_one_failing_row_of_a_batch_fails_alone(tmp_path: Path) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        return ModelError("too long") if request.messages[0].content == "2" else good(request, 0)

    async def scenario() -> None:
        async with calling(Fake(behave, batch=4), tmp_path) as (caller, _, _):
            answers = await asyncio.gather(
                *(caller.chat(ask(str(i))) for i in range(4)), return_exceptions=True
            )
        assert [isinstance(answer, ChatReply) for answer in answers] == [True, True, False, True]

    asyncio.run(scenario())
