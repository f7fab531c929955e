"""Which questions to a local model stand beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rlaif_aio.batching import Batcher
from rlaif_core.api import ChatRequest, Message
from rlaif_core.engine.calling.question import Asked


def ask(text: str, *options: str) -> Asked:
    request = ChatRequest((Message("user", text),), options=options)
    return Asked(request.key("model"), request.canonical(), request)


def batches(questions: Sequence[Asked], size: int) -> list[list[Asked]]:
    made: list[list[Asked]] = []

    async def scenario() -> None:
        async def keep(batch: Sequence[Asked]) -> None:
            made.append(list(batch))

        batcher = Batcher(size, keep, Asked.order)
        for question in questions:
            batcher.add(question)
        await batcher.work()

    asyncio.run(scenario())
    return made


def test_what_is_to_be_weighed_stands_beside_what_begins_alike() -> None:
    ends = ("short", "a good deal longer than short", "longer than short")
    questions = [ask(f"{about} {end}", " A", " B") for end in ends for about in ("cats", "dogs")]

    first, second = batches(questions, size=3)

    for batch, about in ((first, "cats"), (second, "dogs")):
        assert {call.request.messages[0].content.split()[0] for call in batch} == {about}


def test_what_is_to_be_written_stands_beside_what_is_as_long() -> None:
    questions = [ask("a" * 90), ask("b"), ask("a"), ask("b" * 90)]

    short, long = batches(questions, size=2)

    assert {len(call.request.messages[0].content) for call in short} == {1}
    assert {len(call.request.messages[0].content) for call in long} == {90}


@given(st.lists(st.tuples(st.text("ab", max_size=4), st.booleans()), unique=True), st.randoms())
def test_the_order_of_asking_changes_no_batch(texts: list[tuple[str, bool]], rng) -> None:
    questions = [ask(text, *(["x", "y"] if weighed else [])) for text, weighed in texts]
    shuffled = rng.sample(questions, len(questions))

    assert batches(shuffled, 3) == batches(questions, 3)
