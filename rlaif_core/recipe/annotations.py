"""Types that a pydantic model allows at a path: for suggestions, secrets and resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from rlaif_core.recipe.document import Path


def types_at(model: type[BaseModel], path: Path) -> list[Any]:
    """The plain types and the `Annotated` marks that may stand at `path`, containers opened."""
    types: list[Any] = [model]
    for step in path:
        fields = [field for name, field in _fields(types) if name == step]
        if fields:
            types = [field_type for field in fields for field_type in field_types(field)]
        # otherwise an index or a mapping's key: what is inside is in `types` already
    return types


def names_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that a mapping at `path` may have, as far as they are declared."""
    return [name for name, _ in _fields(types_at(model, path))]


def field_types(field: FieldInfo) -> list[Any]:
    """The plain types and marks of one field."""
    return [*opened(field.annotation), *field.metadata]


def opened(annotation: Any) -> Iterator[Any]:
    """Every plain type in an annotation, through unions, containers and `Annotated`."""
    arguments = get_args(annotation)
    for argument in arguments:
        yield from opened(argument)
    if not arguments:
        yield annotation


def _fields(types: list[Any]) -> Iterator[tuple[str, FieldInfo]]:
    for item in types:
        if isinstance(item, type) and issubclass(item, BaseModel):
            for name, field in item.model_fields.items():
                yield field.alias or name, field
