"""A statistic that nothing calls teaches nobody and has to be kept right all the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "plugins" / "rlaif-stats" / "src" / "rlaif_stats"
CALLERS = ("rlaif_core/**/*.py", "plugins/*/src/**/*.py", "contrib/*/src/**/*.py")


def names(tree: ast.AST) -> Iterator[str]:
    """Names that code refers to; texts do not count."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def uncalled(module: ast.Module, called: set[str]) -> list[str]:
    """Functions and classes that neither `called` nor what is called of this module refers to."""
    own = {
        node.name: node for node in module.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    open_, live = [name for name in own if name in called], set()
    while open_:
        name = open_.pop()
        if name not in live:
            live.add(name)
            open_ += [other for other in names(own[name]) if other in own]
    return [name for name in own if name not in live]


def test_what_only_its_own_module_and_texts_name_is_uncalled() -> None:
    source = 'def a(): return b()\ndef b(): "c"\ndef c(): return a()\n'
    assert uncalled(ast.parse(source), {"a"}) == ["c"]


@pytest.mark.skipif(not PACKAGE.is_dir(), reason="not in a checkout")
def test_every_function_has_a_caller_outside_the_tests() -> None:
    paths = sorted({path for pattern in CALLERS for path in ROOT.glob(pattern)})
    trees = {path: ast.parse(path.read_text("utf-8")) for path in paths}
    referred = {path: set(names(tree)) for path, tree in trees.items()}
    found = []
    for module in sorted(PACKAGE.glob("*.py")):
        elsewhere = set().union(*(known for path, known in referred.items() if path != module))
        found += [f"{module.name}: {name}" for name in uncalled(trees[module], elsewhere)]
    assert found == []
