"""A validated recipe: which component stands where, and how to build it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlaif_core.api import Component
from rlaif_core.recipe import resolved as filled
from rlaif_core.recipe.components import ComponentSpec
from rlaif_core.recipe.sections import Asking, RecipeFile, Use


@dataclass(frozen=True)
class Recipe:
    """A recipe without errors.

    Attributes:
        path: The file it was read from.
        file: Its sections.
        components: Its components by place: "policy", "models.NAME", "prompts.train",
            "prompts.heldout", "sampler", "judge", "judge.model", "judge.model.ROLE", "pairing",
            "filters.0", "reward_model", "optimizer", "evaluators.0", "evaluation.judge",
            "hooks.0", "executor", "judge_metrics.0", "reporters.0", "judge.gate", "rewards.NAME".
        warnings: What is allowed but likely a mistake, a line each with its place.
        absent: Components that are there by default and cannot be used, by place: why.
    """

    path: Path
    file: RecipeFile
    components: Mapping[str, ComponentSpec]
    warnings: tuple[str, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)

    def resource(self, path: str) -> Path:
        """A file that the recipe names, relative to the recipe itself."""
        return self.path.resolve().parent / path

    def build(self, place: str) -> Component[Any]:
        """A new instance of the component at `place`, not yet set up.

        Raises:
            KeyError: If the recipe has no component there.
        """
        spec = self.components[place]
        return spec.component(spec.params)

    def models_of(self, place: str) -> Mapping[str, str]:
        """The models that the component at `place` asks.

        Returns:
            Role to the place of the model: `{"model": "models.small"}` for `model: small`,
            `{"model": "judge.model"}` for one written in place. "policy" is the current policy.
        """
        section: Any = self.file
        for name in place.split("."):
            named = isinstance(section, Mapping)
            section = section.get(name) if named else getattr(section, name, None)
        model = section.model if isinstance(section, Asking) else None
        if model is None:
            return {}
        if isinstance(model, dict):
            return {role: _place(choice, f"{place}.model.{role}") for role, choice in model.items()}
        return {"model": _place(model, f"{place}.model")}

    def resolved(self) -> str:
        """The recipe as YAML with every default written out; it loads to an equal recipe."""
        return filled.text(self.file, self.components)

    def fingerprint(self) -> str:
        """Hash of `resolved`: equal for recipes that ask for the same run (SHA-256 hex)."""
        return hashlib.sha256(self.resolved().encode()).hexdigest()

    def difference(self, other: str) -> list[str]:
        """Changes since another recipe.

        Args:
            other: The other recipe's `resolved()`.

        Returns:
            A line for each value: `judge.votes: 1 -> 5`, first the other recipe's.
        """
        return filled.difference(other, self.resolved())


def _place(choice: str | Use, in_place: str) -> str:
    if isinstance(choice, Use):
        return in_place
    return choice if choice == "policy" else f"models.{choice}"
