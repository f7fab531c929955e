"""The shape of a recipe: each error at its line and column, all at once."""

from __future__ import annotations

from rlaif_core.recipe.sections import CallsSection

GOOD = """\
api: 1
models:
  echo: {use: acme-model, params: {word: A}}
judge:
  use: acme
  model: echo
"""


def test_all_errors_come_at_once_in_the_files_order(problems):
    text = """\
api: 1
naem: mine
judge:
  use: acmee
  votes: many
  orders: sideways
filters:
  - use: two-vote
  - params: {}
pairing: adjacent
"""
    assert problems(text) == [
        "recipe.yaml:2:1: the recipe has no key 'naem'; did you mean 'name'?",
        "recipe.yaml:4:8: judge 'acmee' not found; did you mean 'acme'?",
        "recipe.yaml:5:10: judge.votes should be a valid integer, not 'many'",
        "recipe.yaml:6:11: judge.orders should be 'both', 'ab' or 'random', not 'sideways'",
        "recipe.yaml:8:10: filter 'two-vote' not found; did you mean 'two-votes'?",
        "recipe.yaml:9:5: filters.1 needs the key 'use'",
        "recipe.yaml:10:10: pairing should be a mapping (`use: adjacent`), not 'adjacent'",
    ]


def test_a_recipe_without_a_judge_is_told(problems):
    assert problems("api: 1\n") == ["recipe.yaml:1:1: the recipe needs the key 'judge'"]


def test_a_recipe_without_an_api_is_told(problems):
    assert "recipe.yaml:1:1: the recipe needs the key 'api'" in problems("judge: {use: acme}\n")


def test_an_unsupported_api_is_told(problems):
    assert problems(GOOD.replace("api: 1", "api: 2")) == [
        "recipe.yaml:1:6: api should be 1, the only version that this rlaif-core supports, not 2"
    ]


def test_an_empty_section_is_told(problems):
    assert problems(GOOD + "pairing:\nsampler:\n  use:\n") == [
        "recipe.yaml:9:7: sampler.use should be a valid string, not empty"
    ]


def test_a_number_out_of_range_is_told(problems):
    assert problems(GOOD + "  votes: 0\n") == [
        "recipe.yaml:7:10: judge.votes should be greater than or equal to 1, not 0"
    ]


def test_a_name_that_yaml_reads_as_something_else_is_to_be_quoted(problems):
    assert problems(GOOD + "name: no\n") == [
        "recipe.yaml:7:7: name should be text: put it in quotes, not False"
    ]


def test_a_key_that_is_not_text_is_told(problems):
    assert problems(GOOD + "1: x\n") == ["recipe.yaml:7:4: 1 should have text for keys, not 1"]


def test_an_unknown_key_like_no_other_gets_the_list_if_it_is_short(problems):
    assert problems(GOOD + "prompts: {qqqq: 1, train: {use: './parts.py:Prompts'}}\n") == [
        "recipe.yaml:7:11: prompts has no key 'qqqq'; there are: train, heldout"
    ]


def test_a_long_value_is_cut(problems):
    (line,) = problems(GOOD + f"  votes: {'x' * 200}\n")
    assert len(line) < 140


def test_what_rlaif_run_needs_is_asked_all_at_once(problems):
    assert problems(GOOD + "sampler: {use: './parts.py:Answers'}\n", purpose="run") == [
        "recipe.yaml:1:1: the recipe has no 'pairing', which `rlaif run` needs",
        "recipe.yaml:1:1: the recipe has no 'policy', which `rlaif run` needs",
        "recipe.yaml:1:1: the recipe has no 'prompts', which `rlaif run` needs",
    ]


def test_a_complete_run_has_all_its_places(load):
    text = """
api: 1
policy: {use: acme-model, params: {word: A}}
models:
  echo: {use: acme-model, params: {word: B}}
prompts:
  train: {use: "./parts.py:Prompts"}
  heldout: {use: "./parts.py:Prompts"}
sampler: {use: "./parts.py:Answers"}
judge: {use: acme, votes: 2, model: echo}
pairing: {use: "./parts.py:Every"}
filters: [{use: two-votes}]
evaluation:
  judge: {use: acme, model: {one: echo, two: {use: acme-model, params: {word: C}}}}
hooks: [{use: counter}]
"""
    assert set(load(text, purpose="run").components) == {
        "policy", "models.echo", "prompts.train", "prompts.heldout", "sampler", "judge",
        "pairing", "filters.0", "evaluation.judge", "evaluation.judge.model.two", "hooks.0",
        "executor",
        "judge_metrics.0",
        "reporters.0",
    }  # fmt: skip


def test_api_and_judge_alone_are_enough_for_rlaif_judge(load):
    recipe = load("api: 1\njudge: {use: './parts.py:Tie'}\n")
    assert set(recipe.components) == {"judge", "executor", "judge_metrics.0", "reporters.0"}


def test_a_recipe_with_a_section_of_a_run_is_one_for_any_purpose(load, problems):
    assert load(GOOD, purpose="any").file.judge.use == "acme"
    assert len(problems(GOOD + "policy: {use: acme-model, params: {word: A}}", purpose="any")) == 3


def test_limits_of_one_model_leave_the_others_as_for_all():
    calls = CallsSection.model_validate(
        {"timeout": 30, "requests_per_minute": 60, "models": {"judge": {"attempts": 2}}}
    )
    assert calls.of("policy").attempts == 6
    own = calls.of("models.judge")
    assert (own.attempts, own.timeout, own.requests_per_minute) == (2, 30, 60)
    one_by_one = CallsSection.model_validate(
        {"timeout": 30, "models": {"judge": {"timeout": None}}}
    )
    assert one_by_one.of("models.judge").timeout is None
