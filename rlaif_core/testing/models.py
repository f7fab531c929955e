"""Conformance of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from rlaif_core.api import ChatReply, ChatRequest, Message, Model, ModelError
from rlaif_core.testing.conformance import Conformance, run

KNOWN: Final = frozenset(("options", "end_of_turn", "prefix", "schema", "seed"))
REASONS: Final = frozenset(("stop", "length", "refusal", "content_filter", "options"))


class ModelConformance(Conformance[Model[Any]]):
    """Checks a model; `params` should name a small one, or a server on loopback."""

    def requests(self) -> Sequence[ChatRequest]:
        """Requests to try it on, as many as it takes at once: prompts of different lengths."""
        texts = ("What is 2 + 2?", "Say the words one two three four five in reverse.")
        return [
            ChatRequest((Message("user", text),), max_tokens=8, seed=seed)
            for seed, text in enumerate(texts)
        ]

    async def exercise(self, component: Model[Any]) -> list[Any]:
        """The texts of its replies, where it promises that a seed settles them."""
        replies = await _ask(component, self.requests())
        seeded = "seed" in component.capabilities
        return [reply.text if seeded else type(reply) for reply in replies]

    def test_it_answers_every_request_in_its_place(self) -> None:
        """Usage is counted too: it is billed even when the text is of no use."""

        async def asked() -> tuple[list[ChatReply], list[ChatReply]]:
            async with self.running() as model:
                requests = self.requests()
                return await _ask(model, requests), await _ask(model, requests[::-1])

        forward, backward = run(asked())
        for reply in forward:
            assert reply.finish_reason in REASONS, f"finish_reason {reply.finish_reason!r}"
            assert reply.usage.prompt_tokens > 0, f"no prompt tokens counted: {reply}"
        lengths = [reply.usage.prompt_tokens for reply in forward]
        turned = [reply.usage.prompt_tokens for reply in backward]
        assert turned == lengths[::-1], "replies do not stand in the order of the requests"

    def test_it_keeps_to_max_tokens(self) -> None:
        """A budget is planned with it."""

        async def asked() -> list[ChatReply]:
            async with self.running() as model:
                return await _ask(
                    model, [replace(request, max_tokens=2) for request in self.requests()]
                )

        for reply in run(asked()):
            assert reply.usage.completion_tokens <= 2, f"asked for 2 tokens at most, got {reply}"

    def test_it_answers_as_before_once_it_has_been_released(self) -> None:
        """It is released before something is trained, and asked again by the next stage."""

        async def asked() -> tuple[list[Any], list[Any]]:
            async with self.running() as model:
                before = await self.exercise(model)
                await model.release()
                await model.release()
                return before, await self.exercise(model)

        before, after = run(asked())
        assert before == after, "its replies change once it has been released"

    def test_it_has_an_identity_and_says_what_it_can_do(self) -> None:
        """The cache is keyed by the one, and judges choose how to ask by the other."""

        async def identities() -> tuple[str, frozenset[str], str]:
            async with self.running() as model:
                return model.identity, model.capabilities, (await self._other()).identity

        identity, capabilities, again = run(identities())
        assert identity, "it needs an identity"
        assert identity == again, f"its identity changes: {identity!r}, then {again!r}"
        assert capabilities <= KNOWN, f"unknown capabilities: {sorted(capabilities - KNOWN)}"

    def test_option_log_probabilities_are_log_probabilities(self) -> None:
        """One for each option, in the request's order, none above 0."""

        async def asked() -> tuple[list[ChatReply], list[ChatReply]] | None:
            async with self.running() as model:
                if "options" not in model.capabilities:
                    return None
                asking = [replace(request, options=("yes", "no")) for request in self.requests()]
                turned = [replace(request, options=("no", "yes")) for request in self.requests()]
                return await _ask(model, asking), await _ask(model, turned)

        answered = run(asked())
        if answered is None:
            import pytest

            pytest.skip("this model gives no option log-probabilities")
        for forward, backward in zip(*answered, strict=True):
            yes, no = forward.option_logprobs or ()
            assert max(yes, no) <= 1e-3, f"log-probabilities above 0: {forward}"
            swapped = backward.option_logprobs or ()
            assert max(abs(no - swapped[0]), abs(yes - swapped[1])) < 1e-3, "options out of order"

    async def _other(self) -> Model[Any]:
        async with self.running() as model:
            return model


async def _ask(model: Model[Any], requests: Sequence[ChatRequest]) -> list[ChatReply]:
    """Replies to all, asked in batches that the model takes."""
    replies: list[ChatReply] = []
    for start in range(0, len(requests), model.batch_size):
        batch = requests[start : start + model.batch_size]
        answers = await model.complete(batch)
        assert len(answers) == len(batch), f"{len(answers)} replies to {len(batch)} requests"
        for answer in answers:
            if isinstance(answer, ModelError):
                raise answer
            replies.append(answer)
    return replies
