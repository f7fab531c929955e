"""A YAML file as data, with the position of everything in it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from rlaif_core.recipe.problems import Position, Problem

Path = tuple["str | int", ...]
"""The way from the root to a value: keys of mappings and indices of lists."""

NULL = "tag:yaml.org,2002:null"

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

    def present(self, path: Path) -> Path:
        """`path` without the steps that lead nowhere in this document."""
        node: yaml.Node = self.root
        found: list[str | int] = []
        for step in path:
            if (pair := _child(node, step)) is not None:
                node = pair[1]
                found.append(step)
        return tuple(found)

    def position(self, path: Path) -> Position:
        """Where the value at `path` stands, or the deepest value on the way there."""
        node: yaml.Node = self.root
        for step in path:
            if (pair := _child(node, step)) is not None:
                node = pair[1]
        return at(node.start_mark)

    def key_position(self, path: Path) -> Position:
        """Where the last key of `path` stands."""
        node: yaml.Node = self.root
        for step in path[:-1]:
            if (pair := _child(node, step)) is not None:
                node = pair[1]
        pair = _child(node, path[-1])
        return at((pair[0] if pair else node).start_mark)


def read(text: str, name: str) -> Document:
    """Parse a recipe's text.

    Args:
        text: YAML.
        name: What messages call the file.

    Raises:
        DocumentError: With the first syntax error, or all that `check` finds.
    """
    try:
        root = compose(text, name)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        where = Position("", before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1, name)
        raise DocumentError([Problem(where, f"{error.reason}: #x{error.character:04x}")]) from error
    except yaml.MarkedYAMLError as error:
        raise DocumentError([marked(error)]) from error
    if root is None or root.tag == NULL:
        raise DocumentError([Problem(Position(file=name), "the recipe is empty")])
    if not isinstance(root, yaml.MappingNode):
        what = "the recipe is not a mapping: write `api: 1`, then its sections as `name: …`"
        raise DocumentError([Problem(at(root.start_mark), what)])
    check(root)
    return Document(root)


def compose(text: str, name: str) -> yaml.Node | None:
    """The root node of a YAML text, or None if it is empty."""
    loader = yaml.SafeLoader(text)
    loader.name = name
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def check(root: yaml.Node) -> None:
    """See that nodes can become data.

    Raises:
        DocumentError: With every duplicate key, unreadable value and alias inside itself.
    """
    problems: list[Problem] = []
    _check(root, problems, open_nodes=set(), done=set())
    if problems:
        raise DocumentError(problems)


def at(mark: yaml.Mark) -> Position:
    """A mark as a position."""
    if mark.name.startswith(OVERRIDE):
        return Position(mark.name)
    return Position("", mark.line + 1, mark.column + 1, mark.name)


def marked(error: yaml.MarkedYAMLError) -> Problem:
    """A YAML error as a problem."""
    mark = error.problem_mark or error.context_mark
    what = ", ".join(one for one in (error.context, error.problem) if one)
    return Problem(at(mark) if mark else Position(), f"not YAML: {what}")


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode):
        inside = isinstance(step, int) and step < len(node.value)
        return (node.value[step], node.value[step]) if inside else None
    if isinstance(node, yaml.MappingNode):
        pairs = [pair for pair in node.value if pair[0].value == str(step)]
        return pairs[-1] if pairs else None  # the last one wins over merged ones
    return None


def _check(node: yaml.Node, problems: list[Problem], open_nodes: set[int], done: set[int]) -> None:
    """Visit each node once."""
    if id(node) in open_nodes:
        problems.append(Problem(at(node.start_mark), "this value contains itself by an alias"))
    if id(node) in open_nodes or id(node) in done:
        return
    if isinstance(node, yaml.ScalarNode):
        try:
            SafeConstructor().construct_document(node)
        except (yaml.MarkedYAMLError, ValueError) as error:
            reason = getattr(error, "problem", None) or str(error)
            problems.append(Problem(at(node.start_mark), f"not YAML: {reason}"))
        return
    open_nodes.add(id(node))
    if isinstance(node, yaml.MappingNode):
        first: dict[tuple[str, str], yaml.Mark] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                seen = first.setdefault((key.tag, key.value), key.start_mark)
                if seen is not key.start_mark:
                    what = f"duplicate key '{key.value}', first given in line {seen.line + 1}"
                    problems.append(Problem(at(key.start_mark), what))
            _check(value, problems, open_nodes, done)
    else:
        for value in node.value:
            _check(value, problems, open_nodes, done)
    open_nodes.discard(id(node))
    done.add(id(node))
