"""Paths in parameters: relative to the recipe, or inside an installed package."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from rlaif_core.api.params import Resource
from rlaif_core.recipe.annotations import field_types

Model = TypeVar("Model", bound=BaseModel)

PACKAGE = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^/].*)")


def resolve(params: Model, folder: Path) -> Model:
    """A copy of the parameters with every `ResourcePath` located.

    Args:
        params: Validated parameters.
        folder: The recipe's folder, absolute.

    Raises:
        FileNotFoundError: If a value that can only be a path names nothing.
    """
    changes = {}
    for name, field in type(params).model_fields.items():
        is_path = any(isinstance(one, Resource) for one in field_types(field))
        old = getattr(params, name)
        if (new := _resolve(old, is_path, folder)) is not old:
            changes[name] = new
    return params.model_copy(update=changes) if changes else params


def locate(value: str, folder: Path) -> str:
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


def _resolve(value: Any, is_path: bool, folder: Path) -> Any:
    if isinstance(value, BaseModel):
        return resolve(value, folder)
    if isinstance(value, str):
        return locate(value, folder) if is_path else value
    if isinstance(value, dict):
        new: Any = {key: _resolve(one, is_path, folder) for key, one in value.items()}
    elif isinstance(value, (list, tuple)):
        new = type(value)(_resolve(one, is_path, folder) for one in value)
    else:
        return value
    return value if new == value else new


def _package(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except ImportError:
        return None
    folders = spec.submodule_search_locations if spec else None
    return Path(next(iter(folders))) if folders else None
