"""Kind `samplers`: several responses to a prompt."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from rlaif_core.api.component import Component, P
from rlaif_core.api.records import Prompt, Response


class Sampler(Component[P]):
    """Asks `self.model` (or several of `self.context.models`) for responses."""

    def responses(self) -> int | None:
        """Number of responses to a prompt if no call fails; None if that is not known.

        Asked while a recipe is checked, before `setup`: one response alone makes no pair.
        """
        return None

    @abstractmethod
    async def sample(self, prompt: Prompt) -> Sequence[Response]:
        """Responses to one prompt, made with `Response.of`.

        The engine calls this for many prompts at once. Give every request its own seed from
        `self.context.rng(prompt.id, index)`, so that a repeated run asks nothing new.

        Raises:
            ModelError: If the prompt cannot be answered; it is then reported as dropped.
        """
