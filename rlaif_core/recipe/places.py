"""Places of components in a recipe, found in the raw data so that one error hides no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_core.recipe.document import Path, dotted
from rlaif_core.recipe.sections import REWARD_MODEL

SINGLE = {
    "policy": "models",
    "prompts.train": "sources",
    "prompts.heldout": "sources",
    "sampler": "samplers",
    "judge": "judges",
    "judge.gate": "judges",
    "pairing": "pairings",
    "reward_model": "reward_models",
    "optimizer": "optimizers",
    "evaluation.judge": "judges",
    "evaluation.judge.gate": "judges",
    "executor": "executors",
}
"""Place to kind."""

LISTS = {
    "filters": "filters",
    "evaluators": "evaluators",
    "hooks": "hooks",
    "reporters": "reporters",
    "judge_metrics": "judge_metrics",
}

ASKING = ("sampler", "judge", "judge.gate", "evaluation.judge", "evaluation.judge.gate")
"""Places whose component asks models; `rewards.NAME` besides."""


@dataclass(frozen=True)
class Place:
    """One component in a recipe.

    Attributes:
        name: The path with dots: "filters.0".
        kind: Its kind, "filters".
        path: The way to its `use` and `params`.
    """

    name: str
    kind: str
    path: Path


@dataclass(frozen=True)
class Reference:
    """A model that is named where it is asked.

    Attributes:
        path: The way to the name.
        name: "policy" or a name in `models:`.
    """

    path: Path
    name: str


def places(data: Mapping[str, Any]) -> Iterator[Place]:
    """Every component that is named in the data, as far as the data have the right shape."""
    for place, kind in SINGLE.items():
        yield from _place_at(data, tuple(place.split(".")), kind)
    for place, kind in LISTS.items():
        for index, _ in enumerate(data[place] if isinstance(data.get(place), list) else ()):
            yield from _place_at(data, (place, index), kind)
    for name in _named(data, "models"):
        yield from _place_at(data, ("models", name), "models")
    for name in _named(data, "rewards"):
        if value_at(data, ("rewards", name, "use")) != REWARD_MODEL:
            yield from _place_at(data, ("rewards", name), "judges")
    for path, model in _asked(data):
        if isinstance(model, dict):
            yield from _place_at(data, path, "models")


def references(data: Mapping[str, Any]) -> Iterator[Reference]:
    """Every model that is asked by name."""
    for path, model in _asked(data):
        if isinstance(model, str):
            yield Reference(path, model)


def value_at(data: Any, path: Path) -> Any:
    """The value at a path, or None if the path leads nowhere."""
    for step in path:
        inside = (isinstance(data, dict) and step in data) or (
            isinstance(data, list) and isinstance(step, int) and step < len(data)
        )
        if not inside:
            return None
        data = data[step]
    return data


def _place_at(data: Mapping[str, Any], path: Path, kind: str) -> Iterator[Place]:
    section = value_at(data, path)
    if isinstance(section, dict) and isinstance(section.get("use"), str):
        yield Place(dotted(path), kind, path)


def _named(data: Mapping[str, Any], section: str) -> Iterator[str]:
    yield from data[section] if isinstance(data.get(section), dict) else ()


def _asked(data: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    asking: list[Path] = [tuple(place.split(".")) for place in ASKING]
    asking += [("rewards", name) for name in _named(data, "rewards")]
    for place in asking:
        path: Path = (*place, "model")
        model = value_at(data, path)
        if isinstance(model, dict) and "use" not in model:
            for role in model:
                yield (*path, role), model[role]
        elif model is not None:
            yield path, model
