"""Nothing is left out of the docs: every decision is listed, every public module is described."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = (DOCS / "decisions" / "index.md").read_text("utf-8")
    pages = {page.name for page in (DOCS / "decisions").glob("*.md")} - {"index.md"}
    assert not [page for page in sorted(pages) if f"({page})" not in listed]


@pytest.mark.parametrize("package", ["stats", "api"])
def test_every_module_has_its_place_in_the_reference(package: str) -> None:
    told = (DOCS / "reference" / f"{package}.md").read_text("utf-8").splitlines()
    modules = {path.stem for path in (ROOT / "rlaif_core" / package).glob("*.py")}
    modules -= {"__init__"}
    assert not [
        module for module in sorted(modules) if f"::: rlaif_core.{package}.{module}" not in told
    ]
