import asyncio
import threading

import pytest

from rlaif_core.api import Context, PluginError
from rlaif_core.testing import ModelConformance
from rlaif_transformers.model import Transformers
from rlaif_transformers.params import TransformersParams


class TestConformance(ModelConformance):
    component = Transformers

    @pytest.fixture(autouse=True)
    def tiny(self, checkpoint):
        self.params = {"path": str(checkpoint)}


def test_it_has_options_prefixes_and_seeds(model):
    assert model.capabilities == {"options", "end_of_turn", "prefix", "seed"}
    assert model.batch_size == model.params.batch_size


def test_its_identity_is_its_name_and_its_content(model, ready, variant):
    same, other = ready(variant("same")), ready(variant("other", weights={"seed": 9}))

    assert model.identity.startswith("tiny@")
    assert same.identity.split("@")[1] == model.identity.split("@")[1]
    assert other.identity.split("@")[1] != model.identity.split("@")[1]


def test_another_precision_is_another_model(model, ready, checkpoint):
    assert ready(checkpoint, dtype="bfloat16").identity == f"{model.identity}+bfloat16"


def test_a_checkpoint_after_training_keeps_the_settings(checkpoint):
    before = Transformers(
        TransformersParams(path=str(checkpoint), revision="main", max_batch_tokens=99)
    )
    after = before.at("round-0/policy")

    assert after.checkpoint == "round-0/policy"
    assert after.params == TransformersParams(path="round-0/policy", max_batch_tokens=99)


@pytest.mark.parametrize("gone", ["nope", "/no/such/folder", "tests/nope", "a/b/c"])
def test_a_missing_checkpoint_is_an_error_before_any_hub_is_asked(
    gone, checkpoint, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    with pytest.raises(PluginError, match=r"no such folder"):
        Transformers(TransformersParams(path=str(checkpoint))).at(gone)


def test_replies_come_in_the_order_of_the_requests(ask, answer):
    requests = [ask("x " * length, max_tokens=2, seed=length) for length in (9, 1, 30, 4)]

    assert answer(*requests) == [answer(request)[0] for request in requests]


def test_no_requests_have_no_replies(answer):
    assert answer() == []


def test_the_event_loop_stays_alive_while_it_works(ask, model):
    async def ticks() -> int:
        work = asyncio.create_task(model.complete([ask(max_tokens=150)]))
        count = 0
        while not work.done():
            await asyncio.sleep(0.001)
            count += 1
        return count

    assert asyncio.run(ticks()) > 5


def test_calls_at_the_same_time_do_not_disturb_each_other(ask, model, answer):
    first, second = ask(max_tokens=6, seed=1), ask("x x", max_tokens=9, seed=2)

    async def both():
        return await asyncio.gather(model.complete([first]), model.complete([second]))

    assert asyncio.run(both()) == [answer(first), answer(second)]


def test_a_cancelled_call_halts_the_work(ask, ready, checkpoint, monkeypatch):
    model = ready(checkpoint)
    halted = []
    monkeypatch.setattr(
        model._local, "answer", lambda requests, halt: halted.append(halt.wait(timeout=60))
    )

    async def cancelled():
        work = asyncio.create_task(model.complete([ask()]))
        await asyncio.sleep(0.01)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await model.close()

    asyncio.run(cancelled())
    assert halted == [True]


def test_halted_work_leaves_the_rest_unanswered(ask, model):
    halt = threading.Event()
    halt.set()
    replies = model._local.answer([ask(), ask(options=(" A",))], halt)

    assert [str(reply) for reply in replies] == ["cancelled", "cancelled"]


def test_a_closed_model_may_be_set_up_again(ask, ready, checkpoint):
    model = ready(checkpoint)

    async def life():
        await model.close()
        with pytest.raises(PluginError, match="before it was set up"):
            await model.complete([ask()])
        await model.setup(Context())
        return await model.complete([ask(max_tokens=1)])

    assert asyncio.run(life())[0].usage.completion_tokens == 1
