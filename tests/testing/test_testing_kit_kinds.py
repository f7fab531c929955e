"""Well-behaved toys of the kinds that no plugin beside this one checks with the kit."""

import asyncio
import hashlib
from pathlib import Path

import pluggy
import pytest

from rlaif_core.api import (
    Abstention,
    ChatReply,
    ChatRequest,
    Executor,
    Hook,
    Message,
    Model,
    Optimizer,
    PointwiseJudge,
    Response,
    RewardModel,
    Sampler,
    Score,
    TrainingJob,
    Usage,
    hookimpl,
)
from rlaif_core.engine.executor import LocalExecutor
from rlaif_core.testing import (
    ExecutorConformance,
    HookConformance,
    ModelConformance,
    OptimizerConformance,
    PointwiseJudgeConformance,
    RewardModelConformance,
    SamplerConformance,
    make_prompt,
)


class Stars(PointwiseJudge):
    """Asks for one to five stars."""

    async def score(self, prompt, response, vote=0):
        request = ChatRequest((Message("user", f"{prompt.text}\n{response.text}\nStars?"),))
        reply = await self.model.chat(request)
        if reply.finish_reason == "stop" and reply.text in ("1", "2", "3", "4", "5"):
            return Score(float(reply.text))
        return Score(abstention=Abstention.UNPARSED)


class TestStars(PointwiseJudgeConformance):
    component = Stars

    def reply(self, request, is_better):
        return "5" if is_better else "1"


class Twice(Sampler):
    """Asks for two responses."""

    async def sample(self, prompt):
        responses = []
        for index in range(2):
            seed = self.context.rng(prompt.id, index).getrandbits(31)
            reply = await self.model.chat(ChatRequest(prompt.messages, seed=seed))
            model = self.model.identity
            responses.append(Response.of(prompt, reply.text, index, model=model))
        return responses


class TestTwice(SamplerConformance):
    component = Twice
    n = 2


class Hash(Model):
    """Says the hash of what it was asked."""

    identity = "hash"
    capabilities = frozenset({"options", "seed"})
    batch_size = 2

    async def complete(self, requests):
        return [self._reply(request) for request in requests]

    def _reply(self, request):
        asked = request.messages[-1].content
        words = len(asked.split())
        if request.options:
            logprobs = tuple(-float(len(option)) for option in request.options)
            return ChatReply("", "options", logprobs, Usage(words))
        text = hashlib.sha256(f"{asked}{request.seed}".encode()).hexdigest()[: request.max_tokens]
        return ChatReply(text, "length", None, Usage(words, len(text)))


class TestHash(ModelConformance):
    component = Hash


def write_weights(job, steps=3):
    job.output.mkdir()
    for step in range(1, steps + 1):
        if job.cancelled():
            break
        job.progress(step, steps, {"loss": 1.0 / step})
    (job.output / "model.safetensors").write_bytes(bytes([job.seed]))


def toy_job(output):
    return TrainingJob(
        checkpoint="base",
        reference="base",
        preferences=Path("preferences"),
        heldout=frozenset(),
        prompts=[make_prompt()],
        output=output,
    )


class Stays(Optimizer):
    """Writes its seed."""

    def train(self, job):
        write_weights(job)
        return {"loss": 0.5}


class TestStays(OptimizerConformance):
    component = Stays

    def job(self, output):
        return toy_job(output)


class Length(RewardModel):
    """Rewards length."""

    def fit(self, job):
        write_weights(job)
        return {"accuracy": 0.5}

    def load(self, folder):
        self.folder = folder

    def score(self, prompts, responses):
        return [float(len(response)) for response in responses]


class TestLength(RewardModelConformance):
    component = Length

    def job(self, output):
        return toy_job(output)


class TestLocalExecutor(ExecutorConformance):
    component = LocalExecutor


class Watches(Hook):
    """Remembers which stages were finished."""

    stages = ()

    @hookimpl
    def rlaif_stage_finished(self, stage):
        self.stages = (*self.stages, stage)


class TestWatches(HookConformance):
    component = Watches

    async def exercise(self, component):
        await super().exercise(component)
        assert component.stages == ("judge",)


class Misspelled(Hook):
    """Implements a hook that nobody calls."""

    @hookimpl
    def rlaif_stage_finnished(self, stage):
        raise AssertionError("never called")


def test_a_misspelled_hook_is_caught():
    checks = type("Checks", (HookConformance,), {"component": Misspelled})()
    with pytest.raises(pluggy.PluginValidationError, match="rlaif_stage_finnished"):
        checks.test_every_hook_that_it_implements_exists()


class Hurries(Executor):
    """Gives results as they come, and leaves the rest running after an error."""

    async def map(self, work, items):
        return [await task for task in asyncio.as_completed([work(item) for item in items])]


def test_an_executor_that_mixes_results_up_is_caught():
    checks = type("Checks", (ExecutorConformance,), {"component": Hurries})()
    with pytest.raises(AssertionError):
        checks.test_its_results_stand_in_the_order_of_the_items()
    with pytest.raises(AssertionError, match="went on after the error"):
        checks.test_the_first_error_ends_the_map_and_cancels_the_rest()
