"""`ResourcePath` parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlaif_core.recipe.resources import locate

HEAD = "api: 1\nmodels: {echo: {use: acme-model, params: {word: A}}}\n"
JUDGE = HEAD + "judge:\n  use: acme\n  model: echo\n"


def test_a_path_is_relative_to_the_recipe_wherever_one_stands(load, tmp_path, monkeypatch):
    load(JUDGE)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("x")
    for spelling in ("./notes/a.txt", "notes/a.txt", "notes/../notes/a.txt"):
        recipe = load(JUDGE + f"  params: {{notes: {spelling}}}\n")
        assert recipe.components["judge"].params.notes == str(
            tmp_path.resolve() / "notes" / "a.txt"
        )
        assert recipe.components["judge"].written["notes"] == spelling


def test_a_default_inside_a_package_is_located(load, plugin_site):
    recipe = load(JUDGE)
    template = Path(recipe.components["judge"].params.template)
    assert template == (plugin_site / "acme_judges" / "template.txt").resolve()
    assert "template: acme_judges:template.txt" in recipe.resolved()


def test_a_hubs_name_stays_as_it_is(load):
    params = load(JUDGE + "  params: {notes: acme/large-model}\n").components["judge"].params
    assert params.notes == "acme/large-model"


@pytest.mark.parametrize("spelling", ["./gone.txt", "../gone.txt", "acme_judges:gone.txt"])
def test_what_can_only_be_a_path_must_be_there(problems, spelling):
    (line,) = problems(JUDGE + f"  params: {{notes: {spelling}}}\n")
    assert line.startswith(f"recipe.yaml:6:19: judge.params.notes: '{spelling}' is not there")


def test_an_absolute_path_is_taken_as_it_is(tmp_path):
    assert locate(str(tmp_path), Path("/")) == str(tmp_path.resolve())


def test_a_package_that_is_not_installed_is_no_package(tmp_path):
    assert locate("no_such_package_here:file", tmp_path) == "no_such_package_here:file"
    assert locate("no_such.package.here:file", tmp_path) == "no_such.package.here:file"


def test_a_url_is_no_package(tmp_path):
    assert locate("json://host/file", tmp_path) == "json://host/file"
