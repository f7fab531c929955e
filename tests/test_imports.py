"""The core is thin, and no modules import each other in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT, *sorted(ROOT.glob("plugins/*/src")), *sorted(ROOT.glob("contrib/*/src")))

HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "vllm", "openai", "anthropic")

IMPORT_ALL = """
import importlib, pkgutil, sys
import rlaif_core
for module in pkgutil.walk_packages(rlaif_core.__path__, "rlaif_core."):
    if not module.name.startswith("rlaif_core.testing") and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def imported_by(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_the_whole_core_imports_no_training_library() -> None:
    assert not imported_by(IMPORT_ALL) & set(HEAVY)


def test_the_whole_core_imports_no_plugin() -> None:
    ours = {name for name in imported_by(IMPORT_ALL) if name.startswith("rlaif")}
    assert ours == {"rlaif_core", "rlaif_aio", "rlaif_stats"}


def test_plugin_modules_stay_light_until_they_are_set_up() -> None:
    program = """
import sys
from rlaif_core.registry import Registry
from rlaif_core.registry.entry import GROUPS
registry = Registry.scan()
for kind in GROUPS:
    for entry in registry.entries(kind):
        if entry.distribution.startswith("rlaif-"):
            registry.load(entry)
print("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    assert not imported_by(program) & set(HEAVY)


def modules() -> dict[str, Path]:
    """Every module of the core, the plugins and contrib, by name."""
    found: dict[str, Path] = {}
    for source in SOURCES:
        for path in sorted(source.glob("rlaif_*/**/*.py")):
            parts = path.relative_to(source).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What runs at import or is for type checkers; a function's body does neither."""
    for statement in body:
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for block in ("body", "orelse", "finalbody"):
                yield from statements(getattr(statement, block, []))
            for handler in getattr(statement, "handlers", []):
                yield from statements(handler.body)


def imported(name: str, path: Path) -> Iterator[str]:
    """The names that a module imports at its top level, `from a import b` as "a.b"."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for statement in statements(ast.parse(path.read_text("utf-8")).body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            above = package.split(".")[: 1 - statement.level or None] if statement.level else []
            origin = ".".join([*above, *filter(None, [statement.module])])
            yield from (f"{origin}.{alias.name}" for alias in statement.names)


def import_graph(paths: Mapping[str, Path]) -> dict[str, set[str]]:
    """Each module with those that it imports; `from a import b` is `a` where b is no module."""
    graph: dict[str, set[str]] = {}
    for name, path in paths.items():
        targets = (
            found if found in paths else found.rpartition(".")[0] for found in imported(name, path)
        )
        graph[name] = {target for target in targets if target in paths} - {name}
    return graph


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Modules that import each other in this order; empty if there are none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_for_type_checkers_count_and_those_in_functions_do_not(tmp_path: Path) -> None:
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .b import B\n"
    source += "def late():\n    import p.c\n"
    files = {"p": "", "p.a": source, "p.b": "from p import a\nimport p.c\n", "p.c": ""}
    paths = {}
    for name, text in files.items():
        stem = "__init__" if name == "p" else name.rpartition(".")[2]
        paths[name] = tmp_path / f"{stem}.py"
        paths[name].write_text(text)
    graph = import_graph(paths)
    assert graph["p.a"] == {"p.b"}
    assert graph["p.b"] == {"p.a", "p.c"}
    assert set(circle(graph)) == {"p.a", "p.b"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = import_graph(modules())
    assert len(graph) > 300
    assert circle(graph) == []


def test_the_core_is_at_most_fourteen_thousand_lines() -> None:
    """The conformance kit, which tests plugins, is not counted."""
    core = ROOT / "rlaif_core"
    counted = (path for path in core.rglob("*.py") if core / "testing" not in path.parents)
    assert sum(path.read_text("utf-8").count("\n") for path in counted) <= 14_000
