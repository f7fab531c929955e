"""Lifecycle of an engine: start, answer, halt, stop; in this process, one at a time."""

import asyncio
import threading
from importlib.util import find_spec

import pytest

from rlaif_core.api import Context, PluginError
from rlaif_lab.shipped import model_path
from rlaif_vllm.model import VLLM
from rlaif_vllm.params import VLLMParams

pytestmark = pytest.mark.skipif(
    find_spec("vllm") is None, reason="vLLM is not installed; `make test-vllm` has it"
)

TOLERANCE = 1e-4
"""Of natural-log probabilities in float32."""


@pytest.fixture(scope="module")
def reference_logprobs():
    """Log-probability of tokens after others, by a plain pass of transformers."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(model_path("policy"), use_safetensors=True)

    def score(head, tail):
        with torch.no_grad():
            table = model(torch.tensor([head + tail])).logits[0].log_softmax(-1)
        return sum(table[len(head) + i - 1, token].item() for i, token in enumerate(tail))

    return score


def test_an_option_may_end_with_the_token_that_vllm_pads_with(ready_policy, reference_logprobs):
    from rlaif_vllm.options import _PADDING, Scoring

    head = [3, 50, 60, 1, 4]
    short = Scoring(head, ([_PADDING], [40], [41, _PADDING]))
    long = Scoring(head, tuple([token] for token in range(30, 60)))

    async def scored():
        async with ready_policy() as model:
            outcomes = model._local._engine.run([*short.jobs, *long.jobs], threading.Event())
            return short.reply(outcomes[: len(short.jobs)])

    exact = [reference_logprobs(head, tail) for tail in short.tails]
    assert asyncio.run(scored()).option_logprobs == pytest.approx(exact, abs=TOLERANCE)


def test_its_identity_is_its_content_and_not_that_of_another_library(ready_policy):
    async def identity(**changed):
        async with ready_policy(**changed) as model:
            return model.identity

    plain = asyncio.run(identity(dtype="auto"))
    assert plain.startswith("vllm/policy@")
    assert asyncio.run(identity()) == f"{plain}+float32"


def test_a_cancelled_call_halts_the_work(ready_policy, ask, monkeypatch):
    halted = []

    async def cancelled():
        async with ready_policy() as model:
            monkeypatch.setattr(
                model._local, "answer", lambda requests, halt: halted.append(halt.wait(timeout=60))
            )
            work = asyncio.create_task(model.complete([ask()]))
            await asyncio.sleep(0.01)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

    asyncio.run(cancelled())
    assert halted == [True]


def test_halted_work_leaves_the_rest_unanswered_and_the_engine_usable(ready_policy, ask):
    class AfterSteps(threading.Event):
        def __init__(self, steps):
            super().__init__()
            self.left = steps

        def is_set(self):
            self.left -= 1
            return self.left < 0

    async def halted():
        async with ready_policy() as model:
            requests = [ask(max_tokens=2), ask(prefix="Sure! I guess", max_tokens=90)]
            return model._local.answer(requests, AfterSteps(4)), await model.complete(requests)

    (short, unanswered), (same, long) = asyncio.run(halted())
    assert str(unanswered) == "cancelled"
    assert short == same
    assert long.usage.completion_tokens > 4


def test_a_closed_model_may_be_set_up_again(ready_policy, ask):
    async def life():
        async with ready_policy() as model:
            await model.close()
            with pytest.raises(PluginError, match="before it was set up"):
                await model.complete([ask()])
            await model.setup(Context())
            return await model.complete([ask(max_tokens=1)])

    assert asyncio.run(life())[0].usage.completion_tokens == 1


def test_too_little_memory_is_one_line(in_process, small):
    model = VLLM(VLLMParams(**small("policy") | {"kv_cache_memory_bytes": 1}))

    with pytest.raises(PluginError, match="cannot be loaded") as caught:
        asyncio.run(model.setup(Context()))
    assert "\n" not in str(caught.value)
