"""Conformance of samplers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from rlaif_core.api import ChatModel, ChatRequest, ModelError, Prompt, Response, Sampler
from rlaif_core.testing.conformance import Conformance, run
from rlaif_core.testing.sample import make_prompt
from rlaif_core.testing.scripted import Line, ScriptedModel

PROMPT: Final = make_prompt()


class SamplerConformance(Conformance[Sampler[Any]]):
    """Checks a sampler.

    Attributes:
        n: How many responses it gives with `params`.
        prompt: What it samples responses to; with the columns that it reads.
        model_roles: The roles under which a recipe gives it models; all are one here.
    """

    n: int = 1
    prompt: ClassVar[Prompt] = PROMPT
    model_roles: ClassVar[Sequence[str]] = ("model",)

    def reply(self, request: ChatRequest) -> Line:
        """Answer of the model; override it where the sampler asks for more than responses."""
        return f"answer {request.seed}"

    def models(self) -> Mapping[str, ChatModel]:
        """A model whose answer tells the seed."""
        return self._asked(ScriptedModel(self.reply))

    def _asked(self, model: ScriptedModel) -> Mapping[str, ChatModel]:
        return dict.fromkeys(self.model_roles, model)

    async def exercise(self, component: Sampler[Any]) -> Sequence[Response]:
        """Responses to one prompt."""
        return await component.sample(self.prompt)

    def test_it_gives_n_responses_to_the_prompt(self) -> None:
        """Numbered from 0, each with its own id."""
        responses = run(self.exercised())
        assert len(responses) == self.n, f"{len(responses)} responses, not n = {self.n}"
        assert [response.index for response in responses] == list(range(self.n)), (
            "number them from 0"
        )
        assert len({response.id for response in responses}) == self.n, (
            "make them with `Response.of`"
        )
        assert {response.prompt_id for response in responses} == {self.prompt.id}

    def test_it_says_which_model_wrote_a_response(self) -> None:
        """Judging one's own writing is a bias that the report looks for."""
        for response in run(self.exercised()):
            assert response.model == "scripted", f"model is {response.model!r}, not its identity"

    def test_it_asks_no_question_twice(self) -> None:
        """Equal requests are asked once, ever: a repeated sample needs a seed of its own."""
        model = ScriptedModel(self.reply)

        async def sampled() -> None:
            async with self.running(self._asked(model)) as sampler:
                await sampler.sample(self.prompt)

        run(sampled())
        keys = [request.key(model.identity) for request in model.requests]
        assert len(set(keys)) == len(keys), "two requests are equal"

    def test_an_empty_answer_stays_a_response(self) -> None:
        """The real output of the policy is judged, and learned from."""

        async def sampled() -> Sequence[Response]:
            async with self.running(self._asked(ScriptedModel(""))) as sampler:
                return await sampler.sample(self.prompt)

        assert len(run(sampled())) == self.n

    def test_a_model_error_is_left_to_the_engine(self) -> None:
        """It retries, and reports the prompt as dropped."""
        import pytest

        async def sampled() -> None:
            async with self.running(self._asked(ScriptedModel(_overloaded))) as sampler:
                await sampler.sample(self.prompt)

        with pytest.raises(ModelError, match="overloaded"):
            run(sampled())


def _overloaded(request: ChatRequest) -> Line:
    return ModelError("overloaded", transient=True)
