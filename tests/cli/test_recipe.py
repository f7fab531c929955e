from __future__ import annotations

import json

import pytest
import yaml

GOOD = """\
api: 1
models: {echo: {use: acme-model, params: {word: A}}}
judge: {use: acme-judges/acme, model: echo}
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(GOOD)
    return "recipe.yaml"


def test_a_good_recipe_is_told_to_be_good(rlaif, recipe):
    expected = "recipe.yaml: no errors in 5 components\n"
    assert rlaif("recipe", "check", recipe) == (0, expected, "")


def test_every_error_is_a_line(rlaif, recipe):
    code, out, err = rlaif("recipe", "check", recipe, "--set", "judge.vots=3", "--set", "seed=x")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "error: --set judge.vots=3: judge has no key 'vots'; did you mean 'votes'?",
        "error: --set seed=x: seed should be a valid integer, not 'x'",
    ]


def test_errors_as_json(rlaif, recipe):
    code, out, err = rlaif("recipe", "check", recipe, "--json", "--set", "seed=x")
    assert (code, err) == (2, "")
    assert json.loads(out) == {
        "valid": False,
        "problems": ["--set seed=x: seed should be a valid integer, not 'x'"],
    }


def test_a_good_recipe_as_json_names_its_components(rlaif, recipe):
    assert json.loads(rlaif("recipe", "check", recipe, "--json").out)["components"] == {
        "executor": "rlaif-core/local",
        "judge_metrics.0": "rlaif-judge-metrics/reliability",
        "reporters.0": "rlaif-report/html",
        "judge": "acme-judges/acme",
        "models.echo": "acme-judges/acme-model",
    }


def test_the_purpose_can_be_named(rlaif, recipe):
    assert rlaif("recipe", "check", recipe, "--for", "judge").code == 0
    code, _, err = rlaif("recipe", "check", recipe, "--for", "run")
    assert code == 2
    assert "error: recipe.yaml:1:1: the recipe has no 'policy', which `rlaif run` needs" in err


def test_local_code_needs_the_flag(rlaif, recipe, tmp_path):
    source = (
        "from rlaif_core.api import PairwiseJudge, Verdict\n"
        "class Tie(PairwiseJudge):\n"
        "    async def compare(self, comparison):\n"
        "        return Verdict(p_first=0.5)\n"
    )
    (tmp_path / "mine.py").write_text(source)
    arguments = ("recipe", "check", recipe, "--set", "judge={use: './mine.py:Tie'}")
    assert "--allow-local-code" in rlaif(*arguments).err
    assert rlaif(*arguments, "--allow-local-code").code == 0


def test_fill_prints_a_recipe_with_every_default(rlaif, recipe):
    code, out, _ = rlaif("recipe", "fill", recipe, "--set", "judge.votes=3")
    data = yaml.safe_load(out)
    assert code == 0
    assert data["judge"]["votes"] == 3
    assert data["judge"]["params"]["strictness"] == 0.5


def test_fill_as_json_holds_the_same(rlaif, recipe):
    text, as_json = rlaif("recipe", "fill", recipe), rlaif("recipe", "fill", recipe, "--json")
    assert json.loads(as_json.out) == yaml.safe_load(text.out)


def test_the_schema_is_json_and_left_out_plugins_are_told(rlaif):
    code, out, err = rlaif("recipe", "schema")
    assert code == 0
    assert json.loads(out)["title"] == "rlaif recipe"
    assert (
        "left out: judge 'broken' (acme-broken 0.3) failed to import: No module named 'acme_sdk'"
        in err.splitlines()
    )
