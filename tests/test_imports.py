"""The core is thin: importing all of it brings in no training library and no plugin."""

from __future__ import annotations

import subprocess
import sys

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
    assert ours == {"rlaif_core"}


def test_plugin_modules_stay_light_until_they_are_set_up() -> None:
    program = """
import sys
from rlaif_core.registry import KINDS, Registry
registry = Registry.scan()
for kind in KINDS:
    for entry in registry.entries(kind):
        if entry.distribution.startswith("rlaif-"):
            registry.load(entry)
print("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    assert not imported_by(program) & set(HEAVY)
