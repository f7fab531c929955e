"""Pydantic's errors as problems: each at its line, with a suggestion where a name is misspelled."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from rlaif_core.recipe.annotations import names_at, types_at
from rlaif_core.recipe.document import Document, Path, dotted
from rlaif_core.recipe.problems import Problem

MANY = 12
"""A message lists up to so many names."""


def problems(
    error: ValidationError,
    model: type[BaseModel],
    document: Document,
    *,
    below: Path = (),
    owner: str = "the recipe",
    item: str = "key",
) -> Iterator[Problem]:
    """One problem for each thing that is wrong; what a union's branches say is joined.

    Args:
        error: What validation raised.
        model: The model that was validated.
        document: Where the data come from.
        below: The path of the validated data in the document.
        owner: What messages call the validated data as a whole.
        item: What messages call a key of it.
    """
    by_field: dict[tuple[Path, str], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        path = document.existing(below, detail["loc"])
        field = str(detail["loc"][-1]) if detail["type"] == "missing" else ""
        by_field.setdefault((path, field), []).append(detail)
    for (path, field), details in by_field.items():
        whole = (*below, *path)
        where = document.position(whole)
        if field:
            message = f"{_name(path, below, owner)} needs the {_item(path, item)} '{field}'"
        elif details[0]["type"] == "extra_forbidden":
            parent, key = path[:-1], str(path[-1])
            where = document.key_position(whole)
            message = f"{_name(parent, below, owner)} has no {_item(parent, item)} '{key}'"
            message += suggestion(key, names_at(model, parent))
        else:
            message = f"{_name(path, below, owner)} {_message(details, path, model)}"
        yield Problem(where, message)


def suggestion(name: str, names: list[str]) -> str:
    """`; did you mean 'x'?`, or all the names if they are few, or nothing."""
    if close := difflib.get_close_matches(name, names, n=1):
        return f"; did you mean '{close[0]}'?"
    return f"; there are: {', '.join(names)}" if 0 < len(names) <= MANY else ""


def _name(path: Path, below: Path, owner: str) -> str:
    return dotted((*below, *path)) if path else owner


def _item(path: Path, item: str) -> str:
    return "key" if path else item


def _message(details: list[ErrorDetails], path: Path, model: type[BaseModel]) -> str:
    """Message with what all branches of a union expect here, and the value given."""
    given = details[0]["input"]
    wanted = [_wanted(detail) for detail in details if detail["type"] != "none_required"]
    message = wanted[0] + "".join(
        f" or {fromkey.removeprefix('should be ')}" for fromkey in dict.fromkeys(wanted[1:])
    )
    if isinstance(given, str) and "use" in names_at(model, path):
        message += f" (`use: {given}`)"
    if SecretStr in types_at(model, path) or not isinstance(given, (str, int, float, type(None))):
        return message
    return f"{message}, not {_shown(given)}"


def _wanted(detail: ErrorDetails) -> str:
    if detail["type"] in ("model_type", "dict_type", "model_attributes_type"):
        return "should be a mapping"
    if detail["type"] == "invalid_key":
        return "should have text for keys"
    if detail["type"] == "string_type" and isinstance(detail["input"], (bool, int, float, date)):
        return "should be text: put it in quotes"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message.partition(", unable to parse")[0].replace("Input should be", "should be")


def _shown(given: Any) -> str:
    if isinstance(given, str) and "://" in given and re.search("[@?#]", given):
        return "an address with a user, a password or parameters"
    text = "empty" if given is None else repr(given)
    return text if len(text) <= 60 else text[:57] + "..."
