"""`${env:NAME}`: secrets come from the environment, stand in no file and in no message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, SecretStr

from rlaif_core.recipe.annotations import types_at
from rlaif_core.recipe.document import Path

VARIABLE = re.compile(r"\$\{env:([A-Za-z_]\w*)\}")


@dataclass
class Expansion:
    """Parameters with their secrets filled in.

    Attributes:
        params: What the component is given.
        values: Each secret's value, to its spelling in the recipe.
        problems: Path and message of what is wrong.
    """

    params: Any
    values: dict[str, str] = field(default_factory=dict)
    problems: list[tuple[Path, str]] = field(default_factory=list)

    def redact(self, message: str) -> str:
        """`message` with every secret's value replaced by its spelling."""
        for value, spelling in self.values.items():
            message = message.replace(value, spelling)
        return message


def expand(params: Any, model: type[BaseModel], environ: Mapping[str, str]) -> Expansion:
    """Fill in the secrets of one component's parameters.

    Args:
        params: The parameters as the recipe has them.
        model: The component's `Params`.
        environ: The environment.
    """
    expansion = Expansion(params)
    expansion.params = _expand(params, (), model, environ, expansion)
    return expansion


def variables(data: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in the data where a variable stands."""
    if isinstance(data, str) and VARIABLE.search(data):
        yield path
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from variables(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from variables(value, (*path, index))


def misplaced(spelling: str) -> str:
    """Message for a variable where no secret is expected."""
    return f"{spelling}: variables are for secrets only; write the value itself"


def _expand(
    value: Any, path: Path, model: type[BaseModel], environ: Mapping[str, str], expansion: Expansion
) -> Any:
    if isinstance(value, dict):
        return {
            key: _expand(item, (*path, key), model, environ, expansion)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _expand(item, (*path, i), model, environ, expansion) for i, item in enumerate(value)
        ]
    if not isinstance(value, str):
        return value
    names = VARIABLE.findall(value)
    if SecretStr not in types_at(model, path):
        if names:
            expansion.problems.append((path, misplaced(value)))
        return value
    if not names:
        message = "a secret: write `${env:NAME}` and set that variable, to keep it out of files"
        expansion.problems.append((path, message))
        return value
    for name in names:
        if name not in environ:
            expansion.problems.append((path, f"the environment variable {name} is not set"))
    filled = VARIABLE.sub(lambda match: environ.get(match[1], ""), value)
    if filled:
        expansion.values[filled] = value
    return filled
