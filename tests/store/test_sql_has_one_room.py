"""SQL stands in `rlaif_core/store/ledger` alone: everything else asks named methods."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEDGER = ROOT / "rlaif_core" / "store" / "ledger"
SQL = re.compile(
    r"""["']SELECT |\b(INSERT (INTO|OR)|DELETE FROM|CREATE TABLE|PRAGMA) |\bimport sqlite3\b"""
)


def lines(paths: Iterable[Path]) -> list[str]:
    """Every line of SQL, by file."""
    return [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in paths
        for line in path.read_text().splitlines()
        if SQL.search(line)
    ]


def test_no_sql_outside_the_ledger() -> None:
    sources = [*ROOT.glob("rlaif_core/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
    assert lines(path for path in sources if LEDGER not in path.parents) == []


def test_sql_would_be_found() -> None:
    assert len(lines(LEDGER.glob("*.py"))) > 20
