"""Paths in parameters: relative to the recipe, or inside an installed package."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path as Folder
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from rlaif_core.api.params import Resource
from rlaif_core.recipe.annotations import field_types
from rlaif_core.recipe.document import Path

Model = TypeVar("Model", bound=BaseModel)

PACKAGE = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^/].*)")


@dataclass(frozen=True)
class Resolution(Generic[Model]):
    """Parameters with every `ResourcePath` located.

    Attributes:
        params: A copy whose paths are absolute.
        missing: Path and message of what can only be a path, and is not there.
    """

    params: Model
    missing: list[tuple[Path, str]]


def resolve(params: Model, folder: Folder) -> Resolution[Model]:
    """Locate the resources of one component's parameters.

    Args:
        params: Validated parameters.
        folder: The recipe's folder, absolute.
    """
    missing: list[tuple[Path, str]] = []
    resolved = _resolve_model(params, folder, (), missing)
    return Resolution(resolved, missing)


def locate(value: str, folder: Folder) -> str:
    """One resource's absolute path; the value itself if it names nothing, as a hub's name does.

    Raises:
        FileNotFoundError: If it begins as only a path does (`./`, `../`, `/`, `~`), or names a
            file of an installed package, and is not there.
    """
    if (match := PACKAGE.fullmatch(value)) and (package := _package(match[1])):
        path = package / match[2]
        explicit = True
    else:
        path = folder / os.path.expanduser(value)
        explicit = value.startswith(("./", "../", "/", "~"))
    if path.exists():
        return str(path.resolve())
    if explicit:
        raise FileNotFoundError(f"'{value}' is not there (looked for {path})")
    return value


def _resolve_model(
    params: Model, folder: Folder, path: Path, missing: list[tuple[Path, str]]
) -> Model:
    changes = {}
    for name, field in type(params).model_fields.items():
        is_path = any(isinstance(field_type, Resource) for field_type in field_types(field))
        old = getattr(params, name)
        new = _resolve(old, is_path, folder, (*path, field.alias or name), missing)
        if new is not old:
            changes[name] = new
    return params.model_copy(update=changes) if changes else params


def _resolve(
    value: Any, is_path: bool, folder: Folder, path: Path, missing: list[tuple[Path, str]]
) -> Any:
    if isinstance(value, BaseModel):
        return _resolve_model(value, folder, path, missing)
    if isinstance(value, str) and is_path:
        try:
            return locate(value, folder)
        except FileNotFoundError as error:
            missing.append((path, str(error)))
    new = value
    if isinstance(value, dict):
        new = {
            key: _resolve(item, is_path, folder, (*path, key), missing)
            for key, item in value.items()
        }
    elif type(value) in (list, tuple):
        new = type(value)(
            _resolve(item, is_path, folder, (*path, index), missing)
            for index, item in enumerate(value)
        )
    return value if new == value else new


def _package(name: str) -> Folder | None:
    try:
        spec = importlib.util.find_spec(name)
    except ImportError:
        return None
    folders = spec.submodule_search_locations if spec else None
    return Folder(next(iter(folders))) if folders else None
