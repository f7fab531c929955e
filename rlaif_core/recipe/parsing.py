"""From a recipe's text to a document: syntax, duplicate keys and unreadable values."""

from __future__ import annotations

import yaml
from yaml.constructor import SafeConstructor

from rlaif_core.recipe.document import Document, DocumentError, at, marked
from rlaif_core.recipe.problems import Position, Problem

NULL, MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"


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
        message = "the recipe is not a mapping: write `api: 1`, then its sections as `name: …`"
        raise DocumentError([Problem(at(root.start_mark), message)])
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
    _visit(root, problems, above=set(), done=set())
    if problems:
        raise DocumentError(problems)


def _visit(node: yaml.Node, problems: list[Problem], above: set[int], done: set[int]) -> None:
    """Check a node and all below it, each once however many aliases it has."""
    if id(node) in above:
        problems.append(Problem(at(node.start_mark), "this value contains itself by an alias"))
    if id(node) in above or id(node) in done:
        return
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        problems += _duplicate_keys(node)
        children = [value for _, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    else:
        problems += _unreadable(node)
    above.add(id(node))
    for child in children:
        _visit(child, problems, above, done)
    above.discard(id(node))
    done.add(id(node))


def _duplicate_keys(node: yaml.MappingNode) -> list[Problem]:
    problems = []
    first: dict[tuple[str, str], yaml.Node] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
            continue
        earlier = first.setdefault((key.tag, key.value), key)
        if earlier is not key:
            line = earlier.start_mark.line + 1
            message = f"duplicate key '{key.value}', first given in line {line}"
            problems.append(Problem(at(key.start_mark), message))
    return problems


def _unreadable(node: yaml.Node) -> list[Problem]:
    try:
        SafeConstructor().construct_document(node)
    except (yaml.MarkedYAMLError, ValueError) as error:
        reason = getattr(error, "problem", None) or str(error)
        return [Problem(at(node.start_mark), f"not YAML: {reason}")]
    return []
