"""Where components stand in a recipe, found in the raw data so that one error hides no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_core.recipe.document import Path, dotted

SINGLE = {
    "policy": "models",
    "prompts.train": "sources",
    "prompts.heldout": "sources",
    "sampler": "samplers",
    "judge": "judges",
    "pairing": "pairings",
    "reward_model": "reward_models",
    "optimizer": "optimizers",
    "evaluation.judge": "judges",
    "executor": "executors",
}
"""Place to kind."""

LISTS = {"filters": "filters", "evaluators": "evaluators", "hooks": "hooks"}

ASKING = ("sampler", "judge", "evaluation.judge")
"""Places whose component asks models."""


@dataclass(frozen=True)
class Slot:
    """One component in a recipe.

    Attributes:
        place: Its name, the path with dots: "filters.0".
        kind: Its kind, "filters".
        path: The way to its `use` and `params`.
    """

    place: str
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


def slots(data: Mapping[str, Any]) -> Iterator[Slot]:
    """Every component that is named in the data, as far as the data have the right shape."""
    for place, kind in SINGLE.items():
        yield from _slot(data, tuple(place.split(".")), kind)
    for place, kind in LISTS.items():
        for index, _ in enumerate(data[place] if isinstance(data.get(place), list) else ()):
            yield from _slot(data, (place, index), kind)
    for name in data["models"] if isinstance(data.get("models"), dict) else ():
        yield from _slot(data, ("models", name), "models")
    for path, model in _asked(data):
        if isinstance(model, dict):
            yield from _slot(data, path, "models")


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


def _slot(data: Mapping[str, Any], path: Path, kind: str) -> Iterator[Slot]:
    section = value_at(data, path)
    if isinstance(section, dict) and isinstance(section.get("use"), str):
        yield Slot(dotted(path), kind, path)


def _asked(data: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for place in ASKING:
        path: Path = (*place.split("."), "model")
        model = value_at(data, path)
        if isinstance(model, dict) and "use" not in model:
            for role in model:
                yield (*path, role), model[role]
        elif model is not None:
            yield path, model
