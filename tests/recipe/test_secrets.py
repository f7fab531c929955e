"""`${env:NAME}`."""

from __future__ import annotations

import pytest

HEAD = "api: 1\nmodels: {echo: {use: acme-model, params: {word: A}}}\n"
JUDGE = HEAD + "judge:\n  use: acme\n  model: echo\n"


@pytest.fixture(autouse=True)
def key(monkeypatch) -> str:
    monkeypatch.setenv("ACME_KEY", "sk-hidden-9")
    monkeypatch.delenv("ACME_OTHER_KEY", raising=False)
    return "sk-hidden-9"


def test_a_secret_comes_from_the_environment(load, key):
    params = load(JUDGE + "  params: {key: '${env:ACME_KEY}'}\n").components["judge"].params
    assert params.key.get_secret_value() == key


def test_a_secret_may_be_part_of_a_value_and_stand_in_a_list(load, key):
    text = JUDGE + "  params: {keys: ['Bearer ${env:ACME_KEY}']}\n"
    (secret,) = load(text).components["judge"].params.keys
    assert secret.get_secret_value() == f"Bearer {key}"


def test_a_variable_that_is_not_set_is_named(problems):
    assert problems(JUDGE + "  params: {key: '${env:ACME_OTHER_KEY}'}\n") == [
        "recipe.yaml:6:17: judge.params.key: the environment variable ACME_OTHER_KEY is not set"
    ]


def test_variables_are_for_secret_parameters_only(problems):
    assert problems(JUDGE + "  params: {rubric: {text: '${env:ACME_KEY}'}}\n") == [
        "recipe.yaml:6:27: judge.params.rubric.text: ${env:ACME_KEY}: variables are for secrets "
        "only; write the value itself"
    ]


def test_variables_elsewhere_in_the_recipe_are_errors(problems):
    assert problems(JUDGE + "name: 'run of ${env:ACME_KEY}'\n") == [
        "recipe.yaml:6:7: name: run of ${env:ACME_KEY}: variables are for secrets only; "
        "write the value itself"
    ]


def test_a_secret_that_is_written_out_is_an_error_that_does_not_repeat_it(problems):
    assert problems(JUDGE + "  params: {key: sk-written-out}\n") == [
        "recipe.yaml:6:17: judge.params.key: a secret: write `${env:NAME}` and set that "
        "variable, to keep it out of files"
    ]


def test_a_secret_of_the_wrong_type_is_not_shown(problems):
    assert problems(JUDGE + "  params: {key: 12345}\n") == [
        "recipe.yaml:6:17: judge.params.key should be text: put it in quotes"
    ]


def test_no_message_tells_a_secret(problems, load, key, tmp_path):
    load(JUDGE)
    (tmp_path / "chatty.py").write_text(
        "from pydantic import SecretStr, field_validator\n"
        "from rlaif_core.api import Params, PairwiseJudge, Verdict\n"
        "class P(Params):\n"
        "    key: SecretStr\n"
        "    @field_validator('key')\n"
        "    @classmethod\n"
        "    def check(cls, key):\n"
        "        raise ValueError(f'cannot use {key.get_secret_value()}')\n"
        "class Chatty(PairwiseJudge[P]):\n"
        "    Params = P\n"
        "    async def compare(self, comparison):\n"
        "        return Verdict(p_first=0.5)\n"
    )
    text = "api: 1\njudge: {use: './chatty.py:Chatty', params: {key: '${env:ACME_KEY}'}}\n"
    assert problems(text) == ["recipe.yaml:2:50: judge.params.key cannot use ${env:ACME_KEY}"]


def test_the_filled_recipe_holds_the_variable_and_never_the_secret(load, key):
    recipe = load(JUDGE + "  params: {key: '${env:ACME_KEY}', keys: ['${env:ACME_KEY}']}\n")
    assert key not in recipe.resolved()
    assert recipe.resolved().count("${env:ACME_KEY}") == 2
    assert load(recipe.resolved()).components["judge"].params == recipe.components["judge"].params


def test_an_empty_variable_is_no_error(load, monkeypatch):
    monkeypatch.setenv("ACME_KEY", "")
    params = load(JUDGE + "  params: {key: '${env:ACME_KEY}'}\n").components["judge"].params
    assert params.key.get_secret_value() == ""
