import asyncio

import pytest
from pydantic import ValidationError

from rlaif_core.api import ChatReply, Context, Message, ModelError, Prompt, RunError
from rlaif_core.testing import SamplerConformance, ScriptedModel, make_prompt
from rlaif_samplers.sweep import Sweep, SweepParams

PROMPT = make_prompt()


class TestConformance(SamplerConformance):
    component = Sweep
    params = {"n": 6, "temperature": [0.5, 1.0]}
    n = 6


def sample(*models, prompt=PROMPT, seed=0, **params):
    sampler = Sweep(SweepParams(**params))
    roles = {f"model-{number}": model for number, model in enumerate(models)}

    async def sampled():
        await sampler.setup(Context(seed=seed, models=roles))
        return await sampler.sample(prompt)

    return asyncio.run(sampled())


def test_responses_sweep_the_grid_and_start_again():
    model = ScriptedModel("fine")
    responses = sample(model, n=5, temperature=[0.5, 1.0], top_p=[0.9, 1.0])

    assert [(response.temperature, response.top_p) for response in responses] == [
        (0.5, 0.9),
        (0.5, 1.0),
        (1.0, 0.9),
        (1.0, 1.0),
        (0.5, 0.9),
    ]
    assert [(request.temperature, request.top_p) for request in model.requests] == [
        (response.temperature, response.top_p) for response in responses
    ]


def test_it_says_beforehand_how_many_responses_it_draws():
    assert Sweep(SweepParams(n=3)).responses() == len(sample(ScriptedModel("fine"), n=3)) == 3


def test_models_take_turns_and_each_goes_through_the_whole_grid():
    old, new = ScriptedModel("old", identity="old@1"), ScriptedModel("new", identity="new@2")
    responses = sample(old, new, n=4, temperature=[0.5, 1.0])

    assert [(response.text, response.model, response.temperature) for response in responses] == [
        ("old", "old@1", 0.5),
        ("new", "new@2", 0.5),
        ("old", "old@1", 1.0),
        ("new", "new@2", 1.0),
    ]


def test_a_request_depends_on_the_runs_seed_the_prompt_and_the_index_alone():
    def seeds(**given):
        model = ScriptedModel("fine")
        sample(model, **given)
        return [request.seed for request in model.requests]

    assert seeds(n=3) == seeds(n=8)[:3]
    assert not set(seeds(n=3)) & set(seeds(n=3, seed=1))
    assert not set(seeds(n=3)) & set(seeds(n=3, prompt=make_prompt(prompt_id="prompt-2")))


def test_all_requests_of_a_prompt_are_asked_at_once():
    class Waiting(ScriptedModel):
        waiting = 0

        async def chat(self, request):
            self.waiting += 1
            while self.waiting < 7:
                await asyncio.sleep(0)
            return await super().chat(request)

    assert len(sample(Waiting("fine"), n=7)) == 7


def test_a_response_says_how_it_ended():
    cut = ScriptedModel(ChatReply("so", finish_reason="length") for _ in range(2))

    assert [response.finish_reason for response in sample(cut, n=2)] == ["length", "length"]


def test_limits_are_passed_on():
    model = ScriptedModel("fine")
    sample(model, n=1, max_tokens=7, stop=["\n"])

    assert (model.requests[0].max_tokens, model.requests[0].stop) == (7, ("\n",))


def test_a_system_turn_goes_before_the_conversation():
    model = ScriptedModel("fine")
    sample(model, n=1, system="Be brief.")

    assert model.requests[0].messages == (Message("system", "Be brief."), *PROMPT.messages)


def test_a_prompt_keeps_its_own_system_turn():
    model = ScriptedModel("fine")
    own = Prompt("prompt-3", (Message("system", "Be long."), Message("user", "Hi")))
    sample(model, n=1, system="Be brief.", prompt=own)

    assert model.requests[0].messages == own.messages


def test_a_failed_call_costs_its_own_response_alone():
    model = ScriptedModel(["one", ModelError("filtered"), "three"])
    responses = sample(model, n=3)

    assert [(response.index, response.text) for response in responses] == [(0, "one"), (2, "three")]


def test_an_error_of_the_run_is_not_swallowed():
    def stop(request):
        raise RunError("the budget is spent")

    with pytest.raises(RunError, match="budget"):
        sample(ScriptedModel(stop), n=3)


@pytest.mark.parametrize(
    "wrong",
    [{"n": 0}, {"n": 65}, {"temperature": []}, {"temperature": [-1]}, {"top_p": [0]}, {"t": 1}],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        SweepParams(**wrong)
