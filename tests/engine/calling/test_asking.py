"""Equal questions are asked once, at the same time, later and in another run."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from rlaif_core.api import ChatReply, ChatRequest, ModelError, RunError
from rlaif_core.store.ledger import Answers
from tests.support.fake_model import Fake, ask, calling, good


def test_equal_questions_are_asked_once_at_the_same_time_and_later(tmp_path: Path) -> None:
    async def scenario() -> None:
        model = Fake(good, pause=0.01)
        async with calling(model, tmp_path) as (caller, ledger, told):
            first = await asyncio.gather(*(caller.chat(ask("x")) for _ in range(5)))
            again = await caller.chat(ask("x"))
            assert {reply.text for reply in first} == {again.text}
            assert len(model.batches) == 1
            assert told == [2.0, None]
            assert ledger.cost().usd == 2.0

    asyncio.run(scenario())


def test_another_vote_or_another_model_is_another_question() -> None:
    one = ask("x")
    assert one.key("m") != ChatRequest(one.messages, seed=1).key("m")
    assert one.key("m") != one.key("n")
    assert one.key("m") != ChatRequest(one.messages, top_p=0.9).key("m")


def test_answers_are_shared_between_runs(tmp_path: Path) -> None:
    async def scenario(name: str) -> tuple[int, int]:
        folder = tmp_path / name
        folder.mkdir()
        model = Fake(good)
        cache = Answers(tmp_path / "answers.sqlite")
        async with calling(model, folder, cache=cache) as (caller, ledger, _):
            await asyncio.gather(*(caller.chat(ask(str(i))) for i in range(5)))
            cost = ledger.cost()
        cache.close()
        return len(model.batches), cost.calls

    assert asyncio.run(scenario("first")) == (5, 5)
    assert asyncio.run(scenario("second")) == (0, 0)


def test_a_stop_waits_for_what_is_in_flight_and_begins_nothing_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        model = Fake(good, slots=3, pause=0.05)
        async with calling(model, tmp_path) as (caller, ledger, _):
            asking = [asyncio.ensure_future(caller.chat(ask(str(i)))) for i in range(20)]
            await asyncio.sleep(0.01)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            await caller.close()
            assert len(model.batches) == 3
            assert ledger.cost().calls == 3

    asyncio.run(scenario())


def test_calls_and_failures_are_counted_and_known_answers_are_calls(tmp_path: Path) -> None:
    def behave(request: ChatRequest, call: int) -> ChatReply | ModelError:
        text = request.messages[0].content
        return ModelError(f"no {text}") if text in "bc" else good(request, call)

    async def scenario(batch: int) -> tuple[int, int, str]:
        folder = tmp_path / str(batch)
        folder.mkdir()
        async with calling(Fake(behave, batch=batch), folder) as (caller, _, _):
            for texts in ("abcd", "ac"):
                many = (caller.chat(ask(text)) for text in texts)
                await asyncio.gather(*many, return_exceptions=True)
            return caller.asked, caller.failed, caller.last_failure

    assert asyncio.run(scenario(batch=1)) == (6, 3, "no c")
    assert asyncio.run(scenario(batch=4)) == (6, 3, "no c")


def test_a_cache_that_can_no_longer_be_written_stops_the_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody would know that other runs are going to pay again."""

    async def scenario() -> None:
        model, cache = Fake(good, slots=1), Answers(tmp_path / "answers.sqlite")

        def full() -> None:
            cache._db.execute("ROLLBACK")
            raise cache._failed(sqlite3.OperationalError("database or disk is full"))

        async with calling(model, tmp_path, cache=cache) as (caller, ledger, _):
            monkeypatch.setattr(cache, "_commit", full)
            await caller.chat(ask("x"))
            await asyncio.sleep(0)
            with pytest.raises(RunError, match="free some space"):
                await caller.chat(ask("y"))
            monkeypatch.undo()
            assert len(model.batches) == ledger.cost().calls == 1
        cache.close()

    asyncio.run(scenario())
