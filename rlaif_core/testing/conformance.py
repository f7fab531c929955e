"""Checks for components of every kind."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import inspect
import json
import pickle
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from rlaif_core.api import ChatModel, Component, Context, json_schema
from rlaif_core.testing import importing

C = TypeVar("C", bound=Component[Any])
Outcome = TypeVar("Outcome")

SECRET: Final = "the run's secret"


class Conformance(Generic[C]):
    """Base of the kinds' conformance classes.

    Attributes:
        component: The class to check.
        params: Its parameters, as a recipe gives them; the defaults if not set. A fixture may
            set `self.params`, where they need a file.
        level: Checks above this level are skipped.
    """

    component: type[C]
    params: Mapping[str, Any] = MappingProxyType({})
    level: int = 1

    def models(self) -> Mapping[str, ChatModel]:
        """The models that a recipe would give to the component, by role."""
        return {}

    async def exercise(self, component: C) -> Any:
        """Use the component as a run would; returns what can be compared by `==`."""
        raise NotImplementedError

    @asynccontextmanager
    async def running(
        self, models: Mapping[str, ChatModel] | None = None, seed: int = 0
    ) -> AsyncIterator[C]:
        """The component, set up, and closed afterwards."""
        component = self.component(self.component.Params.model_validate(dict(self.params)))
        context = Context(seed, SECRET, self.models() if models is None else models)
        await component.setup(context)
        try:
            yield component
        finally:
            await component.close()

    async def exercised(self) -> Any:
        """The outcome of `exercise` on a fresh component."""
        async with self.running() as component:
            return await self.exercise(component)

    def test_importing_its_module_loads_nothing_heavy_and_touches_nothing(self) -> None:
        """A recipe is checked, and plugins are listed, without what the component needs to run."""
        file = inspect.getfile(self.component)
        module = self.component.__module__
        found = importlib.util.find_spec(module.partition(".")[0]) is not None
        complaint = _import(module if found else file, Path(file).read_bytes())
        assert not complaint, complaint

    def test_parameters_round_trip_and_have_a_schema(self) -> None:
        """Recipes, resolved recipes and the schema for editors agree."""
        model = self.component.Params
        params = model.model_validate(dict(self.params))
        assert model.model_validate(params.model_dump()) == params, "params change on a round trip"
        assert model.model_config.get("extra") == "forbid", "an unknown parameter must be an error"
        assert model.model_config.get("frozen"), "parameters must be frozen"
        json.dumps(json_schema(self.component), allow_nan=False)

    def test_its_docstring_says_in_one_line_what_it_is(self) -> None:
        """`rlaif plugins list` shows that line."""
        line = (self.component.__doc__ or "").partition("\n")[0]
        assert line, f"{self.component.__name__} needs a docstring"

    def test_the_same_seed_gives_the_same_outcome(self) -> None:
        """A resumed run must come to what an undisturbed one comes to."""
        first, second = run(self.exercised()), run(self.exercised())
        assert first == second, f"two runs with one seed differ: {first!r} and {second!r}"

    def test_the_global_random_state_is_left_alone(self) -> None:
        """Randomness comes from the context's seed, or two components disturb each other."""
        run(self.exercised())  # whatever is imported late is imported now
        before = _random_states()
        run(self.exercised())
        assert _random_states() == before, "draw from `self.context.rng(...)` instead"

    def test_closing_twice_is_fine(self) -> None:
        """A run that fails while it stops closes again."""

        async def twice() -> None:
            async with self.running() as component:
                await component.close()

        run(twice())


def since(level: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a check that came later: it is skipped where the class's `level` is below."""

    def mark(check: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(check)
        def checked(self: Conformance[Any], *arguments: Any, **named: Any) -> None:
            import pytest

            if self.level < level:
                pytest.skip(f"a check of level {level}: set `level = {level}` to switch it on")
            check(self, *arguments, **named)

        return checked

    return mark


def run(coroutine: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run to the end, in an event loop of its own."""
    return asyncio.run(coroutine)


@functools.cache
def _import(module: str, source: bytes) -> str:
    """Problem with importing a module; asked once as long as its source stays the same."""
    command = [sys.executable, "-B", importing.__file__, module]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    return finished.stderr if finished.returncode else ""


def _random_states() -> dict[str, bytes]:
    states = {"random": pickle.dumps(random.getstate())}
    if (numpy := sys.modules.get("numpy")) is not None:
        states["numpy"] = pickle.dumps(numpy.random.get_state())
    if (torch := sys.modules.get("torch")) is not None:
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states
