"""`--set judge.votes=5`: values from the command line, put into the document before it is read."""

from __future__ import annotations

from copy import copy

import yaml
from yaml.constructor import SafeConstructor

from rlaif_core.recipe.document import OVERRIDE, Document, DocumentError
from rlaif_core.recipe.parsing import NULL, check, compose
from rlaif_core.recipe.problems import Position, Problem

Collection = yaml.MappingNode | yaml.SequenceNode

STR, MAP = "tag:yaml.org,2002:str", "tag:yaml.org,2002:map"


def override(document: Document, text: str) -> None:
    """Set one value; mappings that are not there yet are made.

    Args:
        document: Changed in place. A value that the file shares by an alias changes only here.
        text: "path=value": the path with dots and list indices, the value in YAML.

    Raises:
        DocumentError: If the text is wrong, or the way to the value.
    """
    path, equals, value = text.partition("=")
    steps = path.strip().split(".")
    if not equals or not all(steps):
        raise _wrong(text, "write `--set path=value`, as in `--set judge.votes=5`")
    mark = yaml.Mark(OVERRIDE + text, 0, 0, 0, None, 0)
    try:
        new = compose(value, mark.name) or yaml.ScalarNode(NULL, "", mark, mark)
        check(new)
    except yaml.YAMLError as error:
        reason = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise _wrong(text, f"the value is not YAML: {reason}") from error
    node: Collection = document.root
    done: list[str] = []
    while True:
        try:
            index, key, rest = _find(node, steps)
            if not rest:
                _put(node, index, key, new)
                return
            done.append(key)
            child = _own(_value(node, index), mark)
        except LookupError as error:
            raise _wrong(text, f"{'.'.join(done)} {error}") from None
        _put(node, index, key, child)
        node, steps = child, rest


def _find(node: Collection, steps: list[str]) -> tuple[int | None, str, list[str]]:
    """The item that the first steps name: its index (None if it is new), its key, what is left."""
    if isinstance(node, yaml.SequenceNode):
        if steps[0].isdecimal() and int(steps[0]) < len(node.value):
            return int(steps[0]), steps[0], steps[1:]
        raise LookupError(f"has {len(node.value)} items, counted from 0, and no '{steps[0]}'")
    SafeConstructor().flatten_mapping(node)  # merge keys become pairs
    keys = [key.value for key, _ in node.value]
    for used in range(len(steps), 0, -1):  # a key may hold dots itself: models.gpt-4.1.params
        if (key := ".".join(steps[:used])) in keys:
            last = len(keys) - 1 - keys[::-1].index(key)
            return last, key, steps[used:]
    return None, steps[0], steps[1:]


def _value(node: Collection, index: int | None) -> yaml.Node | None:
    if index is None:
        return None
    item = node.value[index]
    value: yaml.Node = item[1] if isinstance(node, yaml.MappingNode) else item
    return value


def _own(value: yaml.Node | None, mark: yaml.Mark) -> Collection:
    """A copy of a collection, which aliases elsewhere do not share; a mapping for null."""
    if value is None or value.tag == NULL:
        return yaml.MappingNode(MAP, [], mark, mark)
    if not isinstance(value, (yaml.MappingNode, yaml.SequenceNode)):
        raise LookupError("is a plain value, so nothing stands below it")
    own = copy(value)
    own.value = list(value.value)
    return own


def _put(node: Collection, index: int | None, key: str, value: yaml.Node) -> None:
    if isinstance(node, yaml.SequenceNode):
        node.value[index] = value
    elif index is None:
        node.value.append((yaml.ScalarNode(STR, key, value.start_mark, value.end_mark), value))
    else:
        node.value[index] = (node.value[index][0], value)


def _wrong(text: str, message: str) -> DocumentError:
    return DocumentError([Problem(Position(OVERRIDE + text), message)])
