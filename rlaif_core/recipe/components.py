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
from rlaif_core.recipe.places import Place, value_at
from rlaif_core.recipe.problems import Problem
from rlaif_core.registry import Entry, Registry, noun


@dataclass(frozen=True)
class ComponentSpec:
    """A component of a recipe, ready to be built.

    Attributes:
        place: Where it stands: "judge", "filters.0", "models.NAME", "judge.model.ROLE".
        path: The way to its section in the recipe.
        entry: What the registry knows of it.
        component: Its class.
        params: Its parameters, validated; resources are absolute paths, secrets filled in.
        written: The parameters as a recipe can hold them: every default, resources as they were
            spelled, secrets as `${env:NAME}`. JSON values only.
    """

    place: str
    path: Path
    entry: Entry
    component: type[Component[Any]]
    params: Params
    written: Mapping[str, Any]

    @property
    def chosen(self) -> list[str]:
        """Names of the parameters that are not at their defaults."""
        defaults = self.component.Params.model_construct()
        usual = defaults.model_dump(mode="json", by_alias=True, warnings=False)
        return [
            name
            for name, value in self.written.items()
            if name not in usual or value != usual[name]
        ]


class ComponentError(Exception):
    """A place has no usable component: everything found wrong there."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Assembly:
    """Makes the components of one recipe.

    Attributes:
        document: For positions.
        data: The recipe's data, completed by sections that are there by default.
        registry: Where names are looked up.
        folder: The recipe's folder, absolute.
        allow_local_code: Whether `use: ./file.py:Class` may run.
    """

    document: Document
    data: Mapping[str, Any]
    registry: Registry
    folder: FilePath
    allow_local_code: bool

    def spec(self, place: Place) -> ComponentSpec:
        """Find, import and validate the component at one place.

        Raises:
            ComponentError: With every problem of this place.
        """
        use = value_at(self.data, (*place.path, "use"))
        folder = self.folder if self.allow_local_code else None
        try:
            entry = self.registry.find(place.kind, use, folder=folder)
            component = self.registry.load(entry)
        except PluginError as error:
            raise ComponentError([self._problem((*place.path, "use"), str(error))]) from error
        below = (*place.path, "params")
        given = value_at(self.data, below)
        if not isinstance(given, (dict, type(None))):
            raise ComponentError([])  # the section's own validation reports it
        expansion = secrets.expand(given or {}, component.Params, os.environ)
        problems = self._problems(below, expansion.problems)
        try:
            spelled = component.Params.model_validate(expansion.params)
            written = _written(spelled, given)
        except ValidationError as error:
            invalid = validation.problems(
                error,
                component.Params,
                self.document,
                below=below,
                owner=f"{noun(place.kind)} '{use}'",
                item="parameter",
            )
            problems += [Problem(item.where, expansion.redact(item.message)) for item in invalid]
            raise ComponentError(problems) from error
        except Exception as error:  # a plugin's own validators may raise anything
            message = expansion.redact(f"{entry.label}: {type(error).__name__}: {error}")
            raise ComponentError([*problems, self._problem(below, message)]) from error
        resolution = resources.resolve(spelled, self.folder)
        problems += self._problems(below, resolution.missing)
        if problems:
            raise ComponentError(problems)
        return ComponentSpec(place.name, place.path, entry, component, resolution.params, written)

    def _problem(self, path: Path, message: str) -> Problem:
        return Problem(self.document.position(path), message.partition("\n")[0])

    def _problems(self, below: Path, messages: list[tuple[Path, str]]) -> list[Problem]:
        paths = [((*below, *path), message) for path, message in messages]
        return [self._problem(path, f"{dotted(path)}: {message}") for path, message in paths]


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
    return [secret for key, item in inside for secret in _secrets(item, (*path, key))]
