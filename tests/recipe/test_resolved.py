"""The filled recipe: every default written out, equal when loaded again, comparable."""

from __future__ import annotations

import yaml

from rlaif_core.recipe.load import load_recipe

TEXT = """\
api: 1
models:
  echo: {use: acme-model, params: {word: "yes"}}
judge:
  use: acme
  params:
    rate: 3e-6
    rubric:
      text: |
        First line.
        Second line.
  model: {draft: echo, critic: {use: acme-model, params: {word: B}}}
filters: [{use: two-votes}]
"""


def test_every_default_is_written_out(load):
    data = yaml.safe_load(load(TEXT, "judge.votes=2").resolved())
    assert data["heldout_share"] == 0.1
    assert data["executor"] == {"use": "local", "params": {}}
    assert data["judge"]["orders"] == "both"
    assert data["judge"]["params"]["strictness"] == 0.5
    assert data["judge"]["params"]["rate"] == 3e-6
    assert data["judge"]["params"]["rubric"]["weights"] == {}


def test_it_loads_to_an_equal_recipe(load):
    recipe = load(TEXT, "judge.votes=2")
    again = load(recipe.resolved())
    assert again.file == again.file.model_validate(yaml.safe_load(recipe.resolved()))
    assert {place: part.params for place, part in again.components.items()} == {
        place: part.params for place, part in recipe.components.items()
    }
    assert again.resolved() == recipe.resolved()
    assert again.fingerprint() == recipe.fingerprint()


def test_a_sampler_that_asks_nobody_stays_so(load):
    text = TEXT + "sampler: {use: './parts.py:Answers', model: null}\n"
    recipe = load(text, "judge.votes=2")
    assert load(recipe.resolved()).models_of("sampler") == {}


def test_a_reward_that_is_the_reward_model_stays_so(load):
    rewards = (
        "reward_model: {use: trl}\noptimizer: {use: rloo}\nrewards: {r: {use: reward_model}}\n"
    )
    recipe = load(TEXT + rewards, "judge.votes=2")
    assert yaml.safe_load(recipe.resolved())["rewards"]["r"]["use"] == "reward_model"
    assert load(recipe.resolved()).resolved() == recipe.resolved()


def test_text_of_several_lines_is_written_as_a_block(load):
    assert "text: |\n" in load(TEXT, "judge.votes=2").resolved()


def test_the_fingerprint_ignores_how_the_recipe_is_written(load):
    recipe = load(TEXT, "judge.votes=2")
    other = load("# a comment\n" + TEXT + "name: run\n", "judge.votes=2")
    assert recipe.fingerprint() == other.fingerprint()


def test_local_code_is_part_of_the_fingerprint(load, tmp_path):
    recipe = load("api: 1\njudge: {use: './parts.py:Tie'}\n")
    source = tmp_path / "parts.py"
    source.write_text(source.read_text() + "\n# edited\n")
    edited = load_recipe("recipe.yaml", purpose="judge", allow_local_code=True)
    assert edited.fingerprint() != recipe.fingerprint()
    (line,) = edited.difference(recipe.resolved())
    assert line.startswith("the code of ./parts.py:Tie: ")


def test_a_changed_value_is_one_line(load):
    old = load(TEXT, "judge.votes=2").resolved()
    changed = load(TEXT, "judge.votes=5", "judge.params.rubric.text=Short.", "name=b")
    assert changed.difference(old) == [
        "name: run -> b",
        "judge.params.rubric.text: 'First line.\\nSecond line.\\n' -> Short.",
        "judge.votes: 2 -> 5",
    ]


def test_added_and_removed_values_are_told(load):
    old = load(TEXT, "judge.votes=2")
    new = load(TEXT, "judge.votes=2", "filters=[]", "judge.params.rubric.weights={help: 2}")
    assert new.difference(old.resolved()) == [
        "judge.params.rubric.weights.help: (absent) -> 2.0",
        "filters.0: two-votes -> (absent)",
    ]


def test_a_component_in_anothers_place_is_one_line(load):
    old = load(TEXT, "judge.votes=2", "pairing={use: best-vs-worst}").resolved()
    new = load(TEXT, "judge.votes=2", "pairing={use: all}", "optimizer={use: dpo}")
    assert new.difference(old) == [
        "pairing: best-vs-worst -> all",
        "optimizer: (absent) -> dpo",
    ]


def test_a_section_that_was_added_is_one_line(load):
    old = load(TEXT, "judge.votes=2").resolved()
    assert load(TEXT, "judge.votes=2", "guards={}").difference(old) == [
        "guards: (absent) -> (present)"
    ]


def test_an_equal_recipe_has_no_difference(load):
    recipe = load(TEXT, "judge.votes=2")
    assert recipe.difference(recipe.resolved()) == []
