"""JSON Schema for editors."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from rlaif_core.recipe.schema import recipe_schema
from rlaif_core.registry import Registry

GOOD = """
api: 1
models: {echo: {use: acme-model, params: {word: A}}}
judge:
  use: acme-judges/acme
  model: {use: acme-model, params: {word: A}}
  params: {rubric: {text: x}}
filters: [{use: two-votes}]
"""


@pytest.fixture(scope="module")
def registry(plugin_site) -> Registry:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(plugin_site))
        everything = Registry.scan()
        acme = [
            entry for entry in everything.entries() if not entry.distribution.startswith("rlaif-")
        ]
        registry = Registry([entry for entry in acme if entry.name != "slow"])
        recipe_schema(registry)  # imports the plugins while they can be found
        yield registry


@pytest.fixture(scope="module")
def schema(registry):
    return recipe_schema(registry)[0]


def valid(schema, text: str, **changes) -> bool:
    data = yaml.safe_load(text) | changes
    return jsonschema.Draft202012Validator(schema).is_valid(data)


def test_it_is_a_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def test_it_accepts_a_recipe(schema):
    assert valid(schema, GOOD)


@pytest.mark.parametrize(
    "changes",
    [
        {"api": 2},
        {"naem": "x"},
        {"filters": [{"use": "two-vote"}]},
        {"filters": [{"use": "two-votes", "params": {"x": 1}}]},
        {"models": {"echo": {"use": "acme-model"}}},
        {"models": {"echo": {"use": "acme-model", "params": {"word": 1}}}},
        {"policy": {"use": "two-votes"}},
        {"judge": {"use": "acme"}},
        {"judge": {"use": "acme-judges/acme", "params": {"rubric": {"txt": "x"}}}},
        {"judge": {"use": "acme-judges/acme", "votes": 0}},
        {"evaluation": {"judge": {"use": "nobody"}}},
    ],
)
def test_it_refuses_what_the_recipe_check_refuses(schema, changes):
    assert not valid(schema, GOOD, **changes)


@pytest.mark.parametrize(
    "judge",
    [
        {"use": "./my_judge.py:Strict", "params": {"anything": 1}},
        {"use": "someone/strict"},
        {"use": "acme-judges/acme", "model": "echo"},
        {"use": "acme-judges/acme", "model": {"draft": "echo", "critic": {"use": "x/y"}}},
    ],
)
def test_it_accepts_every_way_to_name_judges_and_models(schema, judge):
    assert valid(schema, GOOD, judge=judge)


def test_it_is_the_same_every_time(registry, schema):
    assert json.dumps(recipe_schema(registry)[0]) == json.dumps(schema)


def test_a_broken_plugin_is_left_out_with_its_reason(registry):
    left_out = recipe_schema(registry)[1]
    assert "judge 'broken' (acme-broken 0.3) failed to import: No module named 'acme_sdk'" in (
        left_out
    )
