"""A statistic that nothing calls teaches nobody and has to be kept right all the same."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "plugins" / "rlaif-stats" / "src" / "rlaif_stats"
CALLERS = ("rlaif_core/**/*.py", "plugins/*/src/**/*.py", "contrib/*/src/**/*.py")


def sources() -> dict[Path, str]:
    paths = {path for pattern in CALLERS for path in ROOT.glob(pattern)}
    return {path: path.read_text("utf-8") for path in sorted(paths)}


@pytest.mark.skipif(not PACKAGE.is_dir(), reason="not in a checkout")
def test_every_public_function_has_a_caller_outside_the_tests() -> None:
    texts = sources()
    words = Counter(word for text in texts.values() for word in re.findall(r"\w+", text))
    uncalled = []
    for module in sorted(PACKAGE.glob("*.py")):
        for node in ast.parse(texts[module]).body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
                continue
            if words[node.name] < 2:
                uncalled.append(f"{module.name}: {node.name}")
    assert uncalled == []
