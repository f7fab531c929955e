"""A constitution: the principles that a judge compares by and a critic revises by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, ValidationError, field_validator

from rlaif_core.api import DataError, Params
from rlaif_judges.asking.resources import read_text

if TYPE_CHECKING:
    from yaml import Node


class Principle(Params):
    """One principle.

    Attributes:
        id: Its name in explanations.
        principle: Completes "Choose the response that is more …".
        weight: How much it counts, and how often it is drawn; above 0.
        critique: Asks for a critique by this principle; made from `principle` if empty.
        revision: Asks for a revision by it; made from `principle` if empty.
    """

    id: str = Field(min_length=1)
    principle: str = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    critique: str = ""
    revision: str = ""

    @field_validator("principle", "critique", "revision")
    @classmethod
    def _on_one_line(cls, text: str) -> str:
        return " ".join(text.split())


class Constitution(Params):
    """At least one principle, each with an id of its own."""

    principles: tuple[Principle, ...]

    @field_validator("principles")
    @classmethod
    def _told_apart(cls, principles: tuple[Principle, ...]) -> tuple[Principle, ...]:
        if not principles:
            raise ValueError("there are none")
        ids = [principle.id for principle in principles]
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        if twice:
            raise ValueError(f"two principles have the id {', '.join(map(repr, twice))}")
        return principles


def read_constitution(path: str) -> Constitution:
    """Read a constitution from a YAML file.

    Args:
        path: A file, or `package:path` inside an installed package.

    Raises:
        PluginError: If the file cannot be read.
        DataError: Naming file, line and field of everything that is wrong with it.
    """
    import yaml

    source = read_text(path, "constitution")
    try:
        node = yaml.compose(source, Loader=yaml.SafeLoader)
        content = yaml.safe_load(source)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise DataError(f"{path}{line}: no YAML: {getattr(error, 'problem', error)}") from error
    try:
        return Constitution.model_validate(content)
    except ValidationError as error:
        problems = [
            f"{path}:{_line(node, item['loc'])}: {'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors()
        ]
        raise DataError("\n".join(problems)) from error


def _line(node: Node | None, place: tuple[int | str, ...]) -> int:
    """The line, from 1, of the deepest node on the way to `place` that is there."""
    line = 1
    for step in place:
        if node is None:
            break
        line = node.start_mark.line + 1
        node = _child(node, step)
    return line if node is None else node.start_mark.line + 1


def _child(node: Node, step: int | str) -> Node | None:
    from yaml import MappingNode, SequenceNode

    if isinstance(node, MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        child: Node = node.value[step]
        return child
    return None
