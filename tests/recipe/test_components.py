"""Components by name: found, imported and given their parameters."""

from __future__ import annotations

from rlaif_core.registry.first_party import KNOWN

MODEL = "api: 1\nmodels:\n  echo: {use: acme-model, params: {word: A}}\n"
GOOD = MODEL + "judge:\n  use: acme\n  model: echo\n"


def test_an_unknown_name_stands_where_it_is_used(problems):
    assert problems("api: 1\njudge:\n  use: acmee\n") == [
        "recipe.yaml:3:8: judge 'acmee' not found; did you mean 'acme'?"
    ]


def test_a_known_plugin_that_is_not_installed_comes_with_the_pip_command(problems, monkeypatch):
    monkeypatch.setitem(KNOWN, ("judges", "oracle"), ("rlaif-oracle", "oracle"))
    assert problems("api: 1\njudge: {use: oracle}\n") == [
        "recipe.yaml:2:14: judge 'oracle' is in rlaif-oracle, which is not installed: "
        "pip install 'rlaif-core[oracle]'"
    ]


def test_two_plugins_that_offer_one_name_are_an_error(problems, load, monkeypatch):
    load(GOOD)
    monkeypatch.delenv("RLAIF_DISABLE_PLUGINS")
    assert problems(GOOD) == [
        "recipe.yaml:5:8: judge 'acme' is offered by acme-judges 0.3 and rival-judges 1.0; "
        "choose with `use: acme-judges/acme` or `use: rival-judges/acme`"
    ]
    assert load(GOOD, "judge.use=acme-judges/acme").components["judge"].entry.version == "0.3"


def test_a_disabled_plugin_is_told(problems, monkeypatch, load):
    load(GOOD)
    monkeypatch.setenv("RLAIF_DISABLE_PLUGINS", "acme-judges,rival-judges")
    assert problems("api: 1\njudge: {use: acme-judges/acme}\n") == [
        "recipe.yaml:2:14: judge 'acme' (acme-judges 0.3): disabled by RLAIF_DISABLE_PLUGINS"
    ]


def test_a_plugin_that_cannot_be_imported_is_one_line(problems):
    assert problems("api: 1\njudge: {use: broken}\n") == [
        "recipe.yaml:2:14: judge 'broken' (acme-broken 0.3) failed to import: "
        "No module named 'acme_sdk'"
    ]


def test_a_misspelled_hook_is_told(problems):
    assert problems(GOOD + "hooks:\n  - use: misspelled\n") == [
        "recipe.yaml:8:10: hook 'misspelled' (acme-hooks 0.1): there is no hook 'rlaif_jugde'; "
        "did you mean 'rlaif_judge'?"
    ]


def test_local_code_needs_the_flag(problems, load):
    text = "api: 1\njudge: {use: './parts.py:Tie'}\n"
    assert problems(text, allow_local_code=False) == [
        "recipe.yaml:2:14: judge './parts.py:Tie' is local code, "
        "which runs with --allow-local-code only"
    ]
    assert load(text).components["judge"].entry.sha256 is not None


def test_local_code_of_another_kind_is_told(problems):
    assert problems("api: 1\njudge: {use: './parts.py:Prompts'}\n") == [
        "recipe.yaml:2:14: judge './parts.py:Prompts': Prompts is not a subclass of "
        "rlaif_core.api.PairwiseJudge or rlaif_core.api.PointwiseJudge"
    ]


def test_a_missing_parameter_is_told(problems):
    assert problems("api: 1\nmodels:\n  echo: {use: acme-model}\n" + GOOD[len(MODEL) :]) == [
        "recipe.yaml:3:9: model 'acme-model' needs the parameter 'word'"
    ]


def test_an_unknown_parameter_stands_at_its_name_and_gets_a_suggestion(problems):
    assert problems(GOOD + "  params:\n    strictnes: 1\n") == [
        "recipe.yaml:8:5: judge 'acme' has no parameter 'strictnes'; did you mean 'strictness'?"
    ]


def test_a_wrong_parameter_stands_at_its_value(problems):
    assert problems(GOOD + "  params: {strictness: 7, choice: x}\n") == [
        "recipe.yaml:7:24: judge.params.strictness should be less than or equal to 1, not 7",
        "recipe.yaml:7:35: judge.params.choice should be a valid integer or a valid list, not 'x'",
    ]


def test_errors_inside_a_nested_parameter_are_placed_there(problems):
    text = GOOD + "  params:\n    rubric:\n      txt: x\n      weights:\n        help: much\n"
    assert problems(text) == [
        "recipe.yaml:9:7: judge.params.rubric has no key 'txt'; did you mean 'text'?",
        "recipe.yaml:11:15: judge.params.rubric.weights.help should be a valid number, not 'much'",
    ]


def test_parameters_that_are_no_mapping_are_told_once(problems):
    assert problems(GOOD + "  params: strict\n") == [
        "recipe.yaml:7:11: judge.params should be a mapping, not 'strict'"
    ]


def test_a_number_that_yaml_takes_for_text_is_a_number(load):
    assert load(GOOD + "  params: {rate: 3e-6}\n").components["judge"].params.rate == 3e-6


def test_build_makes_a_new_instance_with_the_parameters(load):
    recipe = load(GOOD + "  params: {strictness: 1}\n")
    assert recipe.build("judge").params.strictness == 1
    assert recipe.build("judge") is not recipe.build("judge")


def test_a_filter_that_cannot_work_with_the_judge_says_so_at_its_line(problems):
    assert problems(GOOD + "  votes: 1\nfilters:\n  - use: two-votes\n") == [
        "recipe.yaml:9:10: filter 'two-votes' (acme-judges 0.3): "
        "pairwise judge 'acme' gives 2 verdicts a pair, not 3"
    ]


def test_a_filter_sees_orders_times_votes(load, problems):
    text = GOOD + "filters: [{use: two-votes}]\n"
    assert load(text, "judge.votes=2").components["filters.0"]
    assert problems(text, "judge.votes=2", "judge.orders=ab")


def test_a_pairing_can_object_to_the_judge_as_well(problems, tmp_path, load):
    load(GOOD)
    (tmp_path / "picky.py").write_text(PICKY)
    assert problems(GOOD + "pairing: {use: './picky.py:Picky'}\n") == [
        "recipe.yaml:7:16: pairing './picky.py:Picky': never with a pairwise judge"
    ]


PICKY = """
from rlaif_core.api import Pairing

class Picky(Pairing):
    def propose(self, ranking):
        return []

    select = propose

    def objection(self, judge):
        return f"never with a {judge.kind} judge"
"""


def test_a_missing_parameter_is_not_placed_at_a_key_of_the_same_name(problems, tmp_path, load):
    load(GOOD)
    (tmp_path / "named.py").write_text(NAMED)
    assert problems("api: 1\njudge:\n  votes: 3\n  use: './named.py:Named'\n") == [
        "recipe.yaml:3:3: judge './named.py:Named' needs the parameter 'votes'"
    ]


def test_whatever_a_plugins_validator_raises_is_one_line(problems, tmp_path, load):
    load(GOOD)
    (tmp_path / "named.py").write_text(NAMED)
    assert problems("api: 1\njudge:\n  use: './named.py:Named'\n  params: {votes: 13}\n") == [
        "recipe.yaml:4:11: judge './named.py:Named': TypeError: thirteen"
    ]


NAMED = """
from pydantic import field_validator
from rlaif_core.api import Params, PairwiseJudge, Verdict

class NamedParams(Params):
    votes: int

    @field_validator("votes")
    @classmethod
    def check(cls, votes):
        if votes == 13:
            raise TypeError("thirteen")
        return votes

class Named(PairwiseJudge[NamedParams]):
    Params = NamedParams

    async def compare(self, comparison):
        return Verdict(p_first=0.5)
"""


TWO = """
from rlaif_core.api import PairwiseJudge, Params, Verdict


class TwoParams(Params):
    one: int = 1
    other: list[str] = ["a"]
    given: str


class Two(PairwiseJudge[TwoParams]):
    "Calls everything a tie."

    Params = TwoParams

    async def compare(self, comparison):
        return Verdict(p_first=0.5)
"""


def test_what_was_chosen_is_told_apart_from_the_defaults(load, tmp_path):
    (tmp_path / "two.py").write_text(TWO)
    params = "{one: 1, other: [b], given: x}"
    judge = load(f"api: 1\njudge: {{use: './two.py:Two', params: {params}}}\n").components["judge"]
    assert judge.chosen == ["other", "given"]
