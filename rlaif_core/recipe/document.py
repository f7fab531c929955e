"""A YAML document as data, with the position of everything in it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from rlaif_core.recipe.problems import Position, Problem

Path = tuple["str | int", ...]
"""The way from the root to a value: keys of mappings and indices of lists."""

OVERRIDE = "--set "
"""How a mark's name begins when an override, not the file, put a node there."""


def dotted(path: Path) -> str:
    """A path as messages and overrides write it: "judge.params.votes"."""
    return ".".join(map(str, path))


class DocumentError(Exception):
    """The text is no document: everything found wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Document:
    """A recipe's YAML nodes.

    Args:
        root: The root mapping. `rlaif_core.recipe.overrides` edits it before `data` is read.
    """

    def __init__(self, root: yaml.MappingNode) -> None:
        self.root = root

    @cached_property
    def data(self) -> dict[str, Any]:
        """The document as plain Python data.

        Raises:
            DocumentError: If a value cannot be built (an unknown tag, an unhashable key).
        """
        try:
            data: dict[str, Any] = SafeConstructor().construct_document(self.root)
        except yaml.MarkedYAMLError as error:
            raise DocumentError([marked(error)]) from error
        return data

    def position(self, path: Path) -> Position:
        """Position of the value at `path`, or of the deepest value on the way there."""
        node: yaml.Node = self.root
        for step in path:
            if (pair := _child(node, step)) is None:
                break
            node = pair[1]
        return at(node.start_mark)

    def key_position(self, path: Path) -> Position:
        """Position of the last key of `path`; the value at `path` must be there."""
        node: yaml.Node = self.root
        key = node
        for step in path:
            key, node = _child(node, step) or (key, node)
        return at(key.start_mark)

    def existing(self, below: Path, path: Path) -> Path:
        """`path` without the steps that lead nowhere, such as pydantic's names for types.

        Args:
            below: Where `path` begins.
            path: The way from there.
        """
        node: yaml.Node = self.root
        for step in below:
            if (pair := _child(node, step)) is None:
                return ()
            node = pair[1]
        steps: list[str | int] = []
        for step in path:
            if (pair := _child(node, step)) is not None:
                node = pair[1]
                steps.append(step)
        return tuple(steps)


def at(mark: yaml.Mark) -> Position:
    """A mark as a position."""
    if mark.name.startswith(OVERRIDE):
        return Position(mark.name)
    return Position("", mark.line + 1, mark.column + 1, mark.name)


def marked(error: yaml.MarkedYAMLError) -> Problem:
    """A YAML error as a problem."""
    mark = error.problem_mark or error.context_mark
    message = ", ".join(item for item in (error.context, error.problem) if item)
    return Problem(at(mark) if mark else Position(), f"not YAML: {message}")


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Key and value of an item; a list's item is its own key."""
    if isinstance(node, yaml.SequenceNode):
        inside = isinstance(step, int) and step < len(node.value)
        return (node.value[step], node.value[step]) if inside else None
    if isinstance(node, yaml.MappingNode):
        pairs = [pair for pair in node.value if pair[0].value == str(step)]
        return pairs[-1] if pairs else None  # the last one wins over merged ones
    return None
