"""Reporters are components: named in a recipe, found in the registry, written at a run's end."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlaif_core.api import RecipeError
from rlaif_core.cli import main
from rlaif_core.recipe.load import load_recipe
from rlaif_core.registry import Registry
from tests.support.inside import Inside, inside
from tests.support.run_folder import finished_run

__all__ = ["inside"]

LIST = """
from rlaif_core.api import Reporter

class Names(Reporter):
    \"\"\"Lists prompts.\"\"\"

    def write(self, run, output, against):
        target = output or run.path / "names.txt"
        target.write_text(" ".join(prompt.id for prompt in run.prompts()))
        return target
"""


def without_html() -> Registry:
    return Registry([entry for entry in Registry.scan().entries() if entry.kind != "reporters"])


def run(inside: Inside, **sections: object) -> int:
    path = inside.write(**sections)
    return main(["run", str(path), "--allow-local-code", "--run-dir", str(inside.folder / "run")])


def test_a_recipe_has_the_page_by_default(inside: Inside) -> None:
    recipe = load_recipe(inside.write(), allow_local_code=True)
    assert recipe.components["reporters.0"].entry.name == "html"
    assert "reporters:\n- use: html\n" in recipe.resolved()


def test_a_run_writes_the_reports_of_its_recipe(
    inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    (inside.folder / "names.py").write_text(LIST)
    assert run(inside, reporters=[{"use": "./names.py:Names"}, {"use": "html"}]) == 0
    folder = inside.folder / "run"
    assert (folder / "names.txt").read_text().split()[0]
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [f"report: {folder}/names.txt", f"report: {folder}/report.html"]


def test_a_recipe_may_want_no_report(inside: Inside) -> None:
    assert run(inside, reporters=[]) == 0
    assert not (inside.folder / "run" / "report.html").exists()


def test_without_the_default_reporter_a_run_says_what_to_install(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = without_html()
    monkeypatch.setattr(Registry, "scan", lambda *_, **__: registry)
    assert run(inside) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "no report: reporter 'html' is in rlaif-report, which is not installed: "
        "pip install 'rlaif-core[report]'"
    )


def test_a_reporter_that_a_recipe_names_must_be_there(inside: Inside) -> None:
    path = inside.write(reporters=[{"use": "html"}])
    with pytest.raises(RecipeError, match="reporter 'html' is in rlaif-report, which is not"):
        load_recipe(path, allow_local_code=True, registry=without_html())


def test_other_reporters_are_no_other_run(inside: Inside) -> None:
    assert run(inside, reporters=[]) == 0
    (inside.folder / "names.py").write_text(LIST)
    assert run(inside, reporters=[{"use": "./names.py:Names"}]) == 0
    assert (inside.folder / "run" / "names.txt").exists()


def test_a_run_that_ends_in_error_is_reported_too(
    inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    (inside.folder / "broken.py").write_text(
        "from rlaif_core.api import DataError, Filter\n"
        "class Broken(Filter):\n"
        "    def apply(self, preferences):\n"
        "        raise DataError('no preference is good enough')\n"
    )
    assert run(inside, filters=[{"use": "./broken.py:Broken"}]) == 2
    assert f"report: {inside.folder}/run/report.html" in capsys.readouterr().err


def test_the_command_takes_a_reporter_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = finished_run(tmp_path / "run", prompts=4)
    assert main(["report", str(folder), "--reporter", "html"]) == 0
    assert capsys.readouterr().out == f"{folder / 'report.html'}\n"
    assert main(["report", str(folder), "--reporter", "htlm"]) == 2
    assert "reporter 'htlm' not found; did you mean 'html'?" in capsys.readouterr().err
