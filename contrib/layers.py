"""Import contracts of contributions, checked by `make check` without naming them anywhere.

import-linter wants packages by name. Those in contrib/ come and go, so their contracts are written
here from what lies there: the two that hold for the first-party plugins as well.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
ROOMS = (
    "cli", "data", "engine", "hookspecs", "metrics", "recipe", "registry", "store", "testing",
)  # fmt: skip
"""Packages that no plugin imports; `api`, `commands` and `runs` are for plugins."""

LIBRARIES = ("rlaif_aio", "rlaif_kit", "rlaif_stats")
"""Packages in plugins/ that hold no component: what others are built on."""

CONTRACTS = """
[tool.importlinter]
root_packages = {packages}
include_external_packages = true

[[tool.importlinter.contracts]]
name = "A contribution imports api, commands, runs, kit and stats alone"
type = "forbidden"
source_modules = {contributed}
forbidden_modules = {rooms}
allow_indirect_imports = true

[[tool.importlinter.contracts]]
name = "No contribution imports another plugin"
type = "independence"
modules = {plugins}
"""


def packages(folder: str) -> list[str]:
    """The packages of every distribution in a folder of the checkout."""
    return sorted(init.parent.name for init in ROOT.glob(f"{folder}/*/src/*/__init__.py"))


def contracts(contributed: list[str], first_party: list[str]) -> str:
    """The contracts in import-linter's format."""
    plugins = [*contributed, *first_party]
    return CONTRACTS.format(
        packages=json.dumps(["rlaif_core", *LIBRARIES, *plugins]),
        contributed=json.dumps(contributed),
        rooms=json.dumps([*(f"rlaif_core.{room}" for room in ROOMS), "rlaif_aio"]),
        plugins=json.dumps(plugins),
    )


def main() -> int:
    """Check the contracts; 0 if all are kept, or nothing was contributed."""
    contributed = packages("contrib")
    if not contributed:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "contracts.toml")
        plugins = [name for name in packages("plugins") if name not in LIBRARIES]
        config.write_text(contracts(contributed, plugins), "utf-8")
        code: int = lint_imports(config_filename=str(config), no_logo=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
