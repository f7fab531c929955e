"""`rlaif report`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlaif_core.cli import main
from tests.support.reading import Page


def test_it_writes_the_page_and_prints_its_path(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "page.html"
    assert main(["report", str(run_folder), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}\n"
    assert output.exists()


def test_json_names_the_page(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "page.html"
    assert main(["report", str(run_folder), "--output", str(output), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(output)}


def test_runs_on_the_same_pairs_are_compared(
    judged_folder: Path, run_folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "page.html"
    others = ["--against", str(judged_folder), "--against", str(run_folder)]
    assert main(["report", str(judged_folder), "--output", str(output), *others]) == 0
    page = Page(output.read_text())
    assert "Agreement with other runs" in page.headings
    assert f"{judged_folder} Agreement with another run, κ 1 (1 to 1)" in page.text
    assert page.unbalanced == []


def test_another_run_that_is_none_is_one_line(
    judged_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(judged_folder), "--against", str(tmp_path)]) == 2
    assert "is no run directory" in capsys.readouterr().err


def test_a_folder_without_a_run_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path} is no run directory")


def test_an_output_that_cannot_be_written_is_one_line(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(run_folder), "--output", str(tmp_path / "no" / "x.html")]) == 2
    assert "choose another --output" in capsys.readouterr().err


def test_an_output_that_is_a_folder_leaves_nothing_beside_it(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder := tmp_path / "pages" / "here").mkdir(parents=True)
    assert main(["report", str(run_folder), "--output", str(folder)]) == 2
    assert "choose another --output" in capsys.readouterr().err
    assert list(folder.parent.iterdir()) == [folder]


def test_the_command_line_starts_without_the_report() -> None:
    code = (
        "import sys; from rlaif_core.cli import main; main(['report', '--help']);"
        "loaded = {'rlaif_report', 'jinja2', 'numpy', 'pydantic'} & set(sys.modules);"
        "sys.exit(', '.join(loaded) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
