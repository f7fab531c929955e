"""Run directories that an earlier version made (commit 0f42cb1): they open and resume."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rlaif_core.cli import main

MADE_BY_0F42CB1 = Path(__file__).parents[1] / "fixtures" / "runs" / "0f42cb1"


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MADE_BY_0F42CB1, tmp_path / "earlier"))


def run(earlier: Path, name: str) -> int:
    recipe, folder = str(earlier / "recipe.yaml"), str(earlier / name)
    return main(["run", recipe, "--run-dir", folder, "--allow-local-code"])


def metrics(folder: Path) -> dict[str, Any]:
    """The content of metrics.json; last digits of floats differ from processor to processor."""
    text = (folder / "metrics.json").read_text()
    content: dict[str, Any] = json.loads(text, parse_float=lambda digits: round(float(digits), 9))
    del content["seconds"]
    return content


def test_a_finished_run_is_run_again_without_a_call_and_keeps_its_metrics(earlier: Path) -> None:
    before = metrics(earlier / "finished")
    assert run(earlier, "finished") == 0
    after = metrics(earlier / "finished")
    assert after["cost"] == before["cost"]
    assert known(after["rounds"][0], before["rounds"][0]) == before["rounds"][0]


def test_an_interrupted_run_goes_on_from_its_ledger(
    earlier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(earlier, "interrupted") == 0
    assert "32 more answers from the ledger" in capsys.readouterr().out
    finished, resumed = metrics(earlier / "finished"), metrics(earlier / "interrupted")
    assert known(resumed["rounds"][0], finished["rounds"][0]) == finished["rounds"][0]


def test_a_report_is_written_of_a_finished_run(earlier: Path) -> None:
    assert main(["report", str(earlier / "finished")]) == 0
    assert "pairs" in (earlier / "finished" / "report.html").read_text(encoding="utf-8")


def test_changed_local_code_is_refused_in_one_line(
    earlier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = earlier / "world.py"
    world.write_text(world.read_text() + "\n# changed\n")
    assert run(earlier, "finished") == 2
    assert capsys.readouterr().err.startswith("error: ")


def known(new: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """The keys that the earlier version knew, in a round and in its judge section."""
    judge = {key: new["judge"][key] for key in earlier["judge"]}
    return {key: new[key] for key in earlier} | {"judge": judge}
