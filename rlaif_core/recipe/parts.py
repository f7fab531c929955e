"""From a place in a recipe to a component with validated parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from rlaif_core.api import Component, Params, PluginError
from rlaif_core.recipe import resources, secrets, validation
from rlaif_core.recipe.document import Document, Path, dotted
from rlaif_core.recipe.problems import Problem
from rlaif_core.recipe.slots import Slot, value_at
from rlaif_core.registry import Entry, Registry, noun


@dataclass(frozen=True)
class Part:
    """A component of a recipe, ready to be built.

    Attributes:
        place: Where it stands: "judge", "filters.0", "models.NAME", "judge.model.ROLE".
        entry: What the registry knows of it.
        component: Its class.
        params: Its parameters, validated; resources are absolute paths, secrets filled in.
        written: The parameters as a recipe can hold them: every default, resources as they were
            spelled, secrets as `${env:NAME}`. JSON values only.
    """

    place: str
    entry: Entry
    component: type[Component[Any]]
    params: Params
    written: Mapping[str, Any]


class PartError(Exception):
    """A place has no usable component: everything found wrong there."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def part(
    slot: Slot,
    document: Document,
    data: Mapping[str, Any],
    registry: Registry,
    folder: FilePath,
    *,
    allow_local_code: bool,
) -> Part:
    """Find, import and validate the component at one place.

    Args:
        slot: The place.
        document: For positions.
        data: The recipe's data.
        registry: Where names are looked up.
        folder: The recipe's folder, absolute.
        allow_local_code: Whether `use: ./file.py:Class` may run.

    Raises:
        PartError: With every problem of this place.
    """
    use = value_at(data, (*slot.path, "use"))
    try:
        entry = registry.find(slot.kind, use, folder=folder if allow_local_code else None)
        component = registry.load(entry)
    except PluginError as error:
        where = document.position((*slot.path, "use"))
        raise PartError([Problem(where, str(error))]) from error
    below = (*slot.path, "params")
    given = value_at(data, below)
    if not isinstance(given, (dict, type(None))):
        raise PartError([])  # the section's own validation reports it
    expansion = secrets.expand(given or {}, component.Params, os.environ)
    problems = [_problem(document, below, path, what) for path, what in expansion.problems]
    try:
        spelled = component.Params.model_validate(expansion.params)
        resolution = resources.resolve(spelled, folder)
        missing = resolution.missing
        problems += [_problem(document, below, path, what) for path, what in missing]
    except ValidationError as error:
        found = validation.problems(
            error, component.Params, document, below=below,
            owner=f"{noun(slot.kind)} '{use}'", item="parameter",
        )  # fmt: skip
        problems += [Problem(one.where, expansion.redact(one.what)) for one in found]
        raise PartError(problems) from error
    if problems:
        raise PartError(problems)
    return Part(slot.place, entry, component, resolution.params, _written(spelled, given))


def _problem(document: Document, below: Path, path: Path, what: str) -> Problem:
    whole = (*below, *path)
    return Problem(document.position(whole), f"{dotted(whole)}: {what}")


def _written(params: Params, given: Any) -> dict[str, Any]:
    """Parameters with every default, secrets put back as the recipe spells them."""
    written: dict[str, Any] = params.model_dump(mode="json", by_alias=True)
    for path in _secrets(params.model_dump(by_alias=True)):
        parent = value_at(written, path[:-1])
        spelling = value_at(given, path)
        if spelling is None:  # a secret default is the component's own
            del parent[path[-1]]
        else:
            parent[path[-1]] = spelling
    return written


def _secrets(value: Any, path: Path = ()) -> list[Path]:
    if isinstance(value, SecretStr):
        return [path]
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, (list, tuple)):
        inside = enumerate(value)
    elif isinstance(value, BaseModel):
        inside = value
    return [one for key, item in inside for one in _secrets(item, (*path, key))]
