"""The recipe's components, built, set up with their models, and closed at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, TypeVar, cast

from rlaif_core.api.component import Component, Context
from rlaif_core.api.errors import PluginError
from rlaif_core.api.model import Model
from rlaif_core.api.records import digest
from rlaif_core.engine.calling import Budget, Caller, RateLimits, RetryPolicy
from rlaif_core.engine.progress import Progress
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.recipe.sections import REWARD_MODEL
from rlaif_core.store.ledger import Answers, Ledger

C = TypeVar("C", bound=Component[Any])

POLICY = "policy"


class Components:
    """Builds each component once, on first use.

    Args:
        recipe: The validated recipe.
        ledger: Where model calls are kept.
        progress: Told what calls cost.
        cache: Answers of other runs, if there is such a store.
    """

    def __init__(
        self,
        recipe: Recipe,
        ledger: Ledger,
        progress: Progress,
        cache: Answers | None = None,
    ) -> None:
        self.recipe = recipe
        self._ledger = ledger
        self._progress = progress
        self._cache = cache
        spent = ledger.cost()
        tokens = spent.prompt_tokens + spent.completion_tokens
        self._budget = Budget(recipe.file.budget, spent.usd, tokens, spent.calls)
        self._built: dict[str, Component[Any]] = {}
        self._callers: dict[tuple[str, str], Caller] = {}
        self.cached = int(ledger.meta("cached") or 0)

    def has(self, place: str) -> bool:
        """True if the recipe has a component at `place`."""
        return place in self.recipe.components

    async def get(
        self,
        place: str,
        kind: type[C] | None = None,
        checkpoint: str | None = None,
        snapshots: Sequence[str | None] = (),
    ) -> C:
        """The component at `place`, set up.

        Args:
            place: As in `Recipe.components`.
            kind: For the type checker.
            checkpoint: The weights that the role "policy" stands for; the base's if None.
            snapshots: Earlier weights of the policy that it is given besides, as more roles.
        """
        key = self._key(place, checkpoint)
        if key not in self._built:
            models = {
                role: await self.caller(model, checkpoint)
                for role, model in self.recipe.models_of(place).items()
            }
            if self._asks_policy(place):
                for index, earlier in enumerate(snapshots, 1):
                    models[f"snapshot {index}"] = await self.caller(POLICY, earlier)
            component = self.recipe.build(place)
            seed = self.recipe.file.seed
            # The mark that fences model output is derived from this and from the content: a
            # response would have to contain its own digest to forge it.
            context = Context(seed=seed, secret=digest("fence", seed), models=models)
            await self._set_up(place, component, context)
            self._built[key] = component
        return cast(C, self._built[key])

    def _key(self, place: str, checkpoint: str | None) -> str:
        return f"{place}@{checkpoint}" if self._asks_policy(place) else place

    def _asks_policy(self, place: str) -> bool:
        return POLICY in self.recipe.models_of(place).values()

    async def _set_up(self, place: str, component: Component[Any], context: Context) -> None:
        try:
            await component.setup(context)
        except ImportError as error:
            spec = self.recipe.components[place]
            raise PluginError(
                f"{place}: {spec.entry.name!r} ({spec.entry.distribution}) needs a library that "
                f"is not installed: {error}"
            ) from error

    async def model(self, place: str, checkpoint: str | None = None) -> Model[Any]:
        """The model at `place`; `checkpoint` replaces the weights of the policy."""
        key = f"{place}@{checkpoint}" if place == POLICY else place
        if key not in self._built:
            model = cast("Model[Any]", self.recipe.build(place))
            if place == POLICY and checkpoint is not None:
                model = model.at(checkpoint)
            await self._set_up(place, model, Context(seed=self.recipe.file.seed))
            self._built[key] = model
        return cast("Model[Any]", self._built[key])

    def weights(self, checkpoint: str | None = None) -> str:
        """The argument of `from_pretrained` for the policy at `checkpoint`; the base's if None.

        Loads nothing itself: what trains has the memory for itself.
        """
        model = cast("Model[Any]", self.recipe.build(POLICY))
        return (model if checkpoint is None else model.at(checkpoint)).checkpoint or ""

    async def caller(self, place: str, checkpoint: str | None = None) -> Caller:
        """The model at `place` behind cache and retries."""
        key = (place, checkpoint if place == POLICY and checkpoint else "")
        if key not in self._callers:
            model = await self.model(place, checkpoint)
            limits = self.recipe.file.calls.of(place)
            self._callers[key] = Caller(
                model,
                self._ledger,
                self._budget,
                self._asked,
                RetryPolicy(limits.attempts, limits.timeout, limits.total_timeout),
                RateLimits(limits.requests_per_minute, limits.tokens_per_minute),
                self._cache,
            )
        return self._callers[key]

    async def release(self, still_asked: Collection[tuple[str, str | None]] = ()) -> None:
        """Give back the memory of all weights, so that what is trained next has it.

        A model that is asked again loads its weights again.

        Args:
            still_asked: Components that go on asking their models meanwhile, each by the place
                and the checkpoint that it was got with.
        """
        keys = {self._key(place, checkpoint) for place, checkpoint in still_asked}
        keys |= {self._key(f"{place}.gate", None) for place, _ in still_asked}
        asking = [component for key, component in self._built.items() if key in keys]
        kept = [model for component in asking for model in component.context.models.values()]
        for (place, checkpoint), caller in self._callers.items():
            if caller not in kept:
                await (await self.model(place, checkpoint or None)).release()
        if REWARD_MODEL not in keys:
            reward_model = self._built.pop(REWARD_MODEL, None)
            if reward_model is not None:
                await reward_model.close()

    def _asked(self, usd: float | None) -> None:
        self.cached += usd is None
        self._progress.spent(usd)

    def keep_counts(self) -> None:
        """Write how many answers came from the ledger to the ledger."""
        self._ledger.set_meta("cached", str(self.cached))

    async def close(self) -> None:
        """Close every component."""
        # Together: while one model's last answers are waited for, no other may begin more calls.
        await asyncio.gather(*(caller.close() for caller in self._callers.values()))
        try:
            self.keep_counts()
        finally:
            for component in self._built.values():
                await component.close()
            self._built.clear()
            self._callers.clear()
