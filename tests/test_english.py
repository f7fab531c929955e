"""Plain English in the code: loop variables and docstrings are named for what they document."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = (ROOT / "rlaif_core", *ROOT.glob("plugins/*/src"))

QUESTION = re.compile(r"(What|How|Whether|Who|Where)\b")
MOST_QUESTIONS = 0.04
"""Share of docstrings that may open like a question."""

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.AsyncFor, ast.comprehension)


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def loop_variables(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Names that a loop, a comprehension or a lambda gives to its elements, and their lines."""
    for node in ast.walk(tree):
        if isinstance(node, LOOPS):
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name):
                    yield name.id, name.lineno
        elif isinstance(node, ast.Lambda):
            yield from ((argument.arg, argument.lineno) for argument in node.args.args)


def docstrings() -> Iterator[str]:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
                yield f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"


def test_loop_variables_are_found_in_loops_comprehensions_and_lambdas() -> None:
    code = "for a, b in x:\n    [c for c in x]\nasync def f():\n    async for d in x: lambda e: e"
    assert {name for name, _ in loop_variables(ast.parse(code))} == set("abcde")


def test_no_loop_variable_is_called_one() -> None:
    assert not [
        f"{path.relative_to(ROOT)}:{line}"
        for path, tree in trees()
        for name, line in loop_variables(tree)
        if name == "one"
    ]


def test_docstrings_open_with_the_noun_or_verb_that_they_document() -> None:
    opened = list(docstrings())
    questions = [line for line in opened if QUESTION.match(line.partition(": ")[2])]
    assert opened
    assert len(questions) < MOST_QUESTIONS * len(opened), "\n".join(questions)
