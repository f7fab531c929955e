"""Models: by name, in place, several by role."""

from __future__ import annotations

HEAD = """\
api: 1
models:
  small: {use: acme-model, params: {word: A}}
  gpt-4.1: {use: acme-model, params: {word: B}}
judge:
  use: acme
"""
INLINE = "{use: acme-model, params: {word: C}}"
POLICY = "policy: {use: acme-model, params: {word: D}}\n"


def test_a_model_by_name(load):
    assert load(HEAD + "  model: gpt-4.1\n").models_of("judge") == {"model": "models.gpt-4.1"}


def test_a_model_in_place(load):
    recipe = load(HEAD + f"  model: {INLINE}\n")
    assert recipe.models_of("judge") == {"model": "judge.model"}
    assert recipe.components["judge.model"].params.word == "C"


def test_several_models_by_role(load):
    recipe = load(HEAD + f"  model: {{draft: small, critic: {INLINE}, self: policy}}\n" + POLICY)
    assert recipe.models_of("judge") == {
        "draft": "models.small",
        "critic": "judge.model.critic",
        "self": "policy",
    }


def test_a_sampler_asks_the_policy_unless_told_otherwise(load):
    text = HEAD + "  model: small\n" + POLICY + "sampler: {use: './parts.py:Answers'}\n"
    assert load(text).models_of("sampler") == {"model": "policy"}
    assert load(text, "sampler.model=small").models_of("sampler") == {"model": "models.small"}
    assert load(text, "sampler.model=null").models_of("sampler") == {}


def test_a_component_that_asks_nobody_has_no_models(load):
    recipe = load(HEAD + "  model: small\nfilters: [{use: two-votes}]\n", "judge.votes=2")
    assert recipe.models_of("filters.0") == {}
    assert recipe.models_of("models.small") == {}


def test_an_unknown_name_gets_a_suggestion(problems):
    assert problems(HEAD + "  model: smal\n") == [
        "recipe.yaml:7:10: judge.model: there is no model 'smal'; did you mean 'small'?"
    ]


def test_an_unknown_name_in_a_role_is_placed_there(problems):
    assert problems(HEAD + "  model: {draft: small, critic: large-one}\n") == [
        "recipe.yaml:7:33: judge.model.critic: there is no model 'large-one'; "
        "there are: small, gpt-4.1"
    ]


def test_a_name_where_no_models_are_defined_says_where_to(problems):
    assert problems("api: 1\njudge: {use: acme, model: small}\n") == [
        "recipe.yaml:2:27: judge.model: there is no model 'small'; define it under `models:`"
    ]


def test_the_policy_must_be_there_to_be_asked(problems):
    assert problems(HEAD + "  model: policy\n") == [
        "recipe.yaml:7:10: judge.model: there is no model 'policy'; add a `policy:` section"
    ]


def test_no_other_model_can_be_called_policy(problems):
    text = "api: 1\nmodels:\n  policy: {use: acme-model, params: {word: A}}\n"
    assert problems(text + "judge: {use: acme, model: policy}\n") == [
        "recipe.yaml:3:3: models.policy: 'policy' is the trained model's name; choose another one"
    ]


def test_a_judge_that_needs_a_model_and_has_none_is_told(problems):
    assert problems(HEAD) == [
        "recipe.yaml:6:8: judge 'acme' (acme-judges 0.3) needs a model: add `model: name` to judge"
    ]


def test_an_error_in_a_model_in_place_is_told_of_that_form_alone(problems):
    assert problems(HEAD + "  model: {use: acme-model, parms: {word: C}}\n") == [
        "recipe.yaml:7:10: model 'acme-model' needs the parameter 'word'",
        "recipe.yaml:7:28: judge.model has no key 'parms'; did you mean 'params'?",
    ]


def test_a_model_of_no_known_form_is_told(problems):
    assert problems(HEAD + "  model: [small]\n") == [
        "recipe.yaml:7:10: judge.model should be a model's name, a model in place (`use: ...`) "
        "or a mapping of roles to these"
    ]
