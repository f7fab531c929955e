"""Base of every component: parameters from the recipe, a late set-up, an idempotent close."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic

from typing_extensions import TypeVar

from rlaif_core.api.chat import ChatModel
from rlaif_core.api.params import Params as BaseParams
from rlaif_core.api.records import digest

P = TypeVar("P", bound=BaseParams, default=BaseParams, covariant=True)


@dataclass(frozen=True)
class Context:
    """Inputs of a component at set-up.

    Attributes:
        seed: The run's seed.
        secret: A secret of the run, for marks that model output must not be able to forge.
        models: The models that the recipe gives to this component, by role; in a recipe,
            `model: x` has the role "model", `model: {draft: x, critic: y}` names its own.
    """

    seed: int = 0
    secret: str = ""
    models: Mapping[str, ChatModel] = field(default_factory=dict)

    def rng(self, *key: object) -> random.Random:
        """A generator that depends on the run's seed and `key` alone, never on call order."""
        return random.Random(digest(self.seed, *key))


class Component(Generic[P]):
    """Base of all kinds. Importing a component's module must stay cheap: load in `setup`.

    Args:
        params: The validated parameters.
    """

    Params: ClassVar[type[BaseParams]] = BaseParams
    needs_model: ClassVar[bool] = False
    """True if it cannot work without a model: a recipe that gives it none is then an error."""

    context: Context = Context()

    def __init__(self, params: P) -> None:
        self.params = params

    async def setup(self, context: Context) -> None:
        """Load what is heavy. Called once, before the first use.

        Raises:
            RlaifError: If it cannot work here (a missing library, a missing key).
        """
        self.context = context

    async def close(self) -> None:
        """Release what `setup` took. Calling it twice is fine."""

    @property
    def model(self) -> ChatModel:
        """The one model this component was given.

        Raises:
            LookupError: If the recipe gave it none.
        """
        if not self.context.models:
            raise LookupError(f"{type(self).__name__} needs a model, and the recipe gave it none")
        return next(iter(self.context.models.values()))


def json_schema(component: type[Component[Any]]) -> dict[str, Any]:
    """JSON Schema of a component's parameters."""
    return component.Params.model_json_schema()
