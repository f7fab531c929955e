"""Rows of files that a user names, and rows in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlaif_core.api import DataError
from rlaif_core.data.files import rows


def test_the_files_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"n": 3}\n')
    (tmp_path / "a.jsonl").write_text('{"n": 1}\n{"n": 2}\n')
    (tmp_path / "notes.txt").write_text("no rows")
    assert [row.values["n"] for row in rows(tmp_path)] == [1, 2, 3]


def test_rows_in_memory_are_numbered_like_those_of_a_file() -> None:
    assert [(row.place, row.values) for row in rows([{"n": 1}, {"n": 2}])] == [
        ("rows:1", {"n": 1}),
        ("rows:2", {"n": 2}),
    ]


def test_no_rows_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(DataError, match=r"empty\.jsonl: no rows in it"):
        list(rows(tmp_path / "empty.jsonl"))
    with pytest.raises(DataError, match="rows: no rows in it"):
        list(rows([]))


@pytest.mark.parametrize(
    ("name", "problem"), [("gone.jsonl", "no such file"), ("rows.csv", "neither .jsonl nor")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "rows.csv").write_text("n\n1\n")
    with pytest.raises(DataError, match=f"{name}: {problem}"):
        list(rows(tmp_path / name))
