"""What a section needs of the others: an error while the recipe is checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rlaif_core.api import RecipeError
from rlaif_core.cli import main
from tests.recipe.test_warnings import load
from tests.support.inside import BASE

ONLINE: dict[str, Any] = {"optimizer": {"use": "./kinds.py:Learner"}}
TRAINS: dict[str, Any] = {"optimizer": {"use": "./toy.py:Copy"}}
UNSEEN: dict[str, Any] = {"prompts": {"train": BASE["prompts"]["train"]}}
REWARDED = {"reward_model": {"use": "./kinds.py:Numbers"}}

CUSTOM = """
from rlaif_core.api import Model, Sampler, Source


class Costly(Model):
    identity = "costly"

    def unpriced(self):
        return "no price is known of model 'costly': set its `prices`"

    async def complete(self, requests):
        raise AssertionError("nobody asks while a recipe is checked")


class One(Sampler):
    def responses(self):
        return 1

    async def sample(self, prompt):
        raise AssertionError("nobody samples while a recipe is checked")


class Unknowing(Source):
    def prompts(self):
        return iter(())
"""


def problem(folder: Path, **sections: Any) -> str:
    (folder / "custom.py").write_text(CUSTOM)
    with pytest.raises(RecipeError) as raised:
        load(folder, **sections)
    (only,) = raised.value.problems
    assert only.startswith(f"{folder}/toy.yaml:")
    return str(only)


@pytest.mark.parametrize("name", ["win-rate", "kl", "drift"])
def test_evaluators_of_held_out_responses_need_held_out_prompts(name: str, tmp_path: Path) -> None:
    pytest.importorskip("rlaif_evaluators")
    told = problem(tmp_path, **TRAINS, **UNSEEN, evaluators=[{"use": name}])
    fix = "measures nothing without held-out prompts: add `prompts.heldout`"
    assert told.endswith(fix)
    load(tmp_path, **TRAINS, evaluators=[{"use": name}])


@pytest.mark.parametrize("name", ["win-rate", "kl", "drift"])
def test_evaluators_of_training_need_something_that_trains(name: str, tmp_path: Path) -> None:
    pytest.importorskip("rlaif_evaluators")
    told = problem(tmp_path, evaluators=[{"use": name}])
    assert told.endswith("measures what training changed, and there is no optimizer: add one")


@pytest.mark.parametrize("name", ["reward-accuracy", "best-of-n"])
def test_evaluators_of_a_reward_model_need_one(name: str, tmp_path: Path) -> None:
    pytest.importorskip("rlaif_evaluators")
    told = problem(tmp_path, evaluators=[{"use": name}])
    assert told.endswith("measures nothing without a reward model: add `reward_model`")
    load(tmp_path, evaluators=[{"use": name}], **REWARDED)


def test_what_judges_the_labels_alone_needs_no_held_out_prompts(tmp_path: Path) -> None:
    pytest.importorskip("rlaif_evaluators")
    recipe = load(tmp_path, **UNSEEN, evaluators=[{"use": "gold"}])
    assert recipe.file.evaluators[0].use == "gold"


@pytest.mark.parametrize("watch", ["judge", "gold"])
def test_watching_needs_held_out_prompts(watch: str, tmp_path: Path) -> None:
    told = problem(tmp_path, **TRAINS, **UNSEEN, evaluation={"watch": watch})
    assert "evaluation.watch: it watches responses to held-out prompts: add" in told


def test_watching_the_truth_needs_a_source_that_knows_it(tmp_path: Path) -> None:
    prompts = {**BASE["prompts"], "heldout": {"use": "./custom.py:Unknowing"}}
    told = problem(tmp_path, **TRAINS, prompts=prompts, evaluation={"watch": "gold"})
    assert "of the held-out prompts has no gold scores: set it to judge" in told


def test_one_response_to_a_prompt_is_nothing_to_prefer(tmp_path: Path) -> None:
    one = {"sampler": {"use": "./custom.py:One"}}
    assert "it gives one response to a prompt" in problem(tmp_path, **TRAINS, **one)
    load(tmp_path, **ONLINE, **one)


def test_a_floor_needs_a_mean_that_can_move(tmp_path: Path) -> None:
    rewards = {"wins": {"use": "./kinds.py:Sharp", "floor": 0.6}}
    told = problem(tmp_path, **ONLINE, rewards=rewards)
    assert "rewards.wins.floor: judge" in told
    assert "its mean reward is always one half" in told
    load(tmp_path, **ONLINE, rewards={"size": {"use": "./kinds.py:Value", "floor": 0.6}})


COSTLY: dict[str, Any] = {
    "models": {"judge": {"use": "./custom.py:Costly"}},
    "judge": {"use": "./toy.py:Judge", "model": "judge"},
}


def test_a_budget_in_dollars_needs_prices(tmp_path: Path) -> None:
    told = problem(tmp_path, **COSTLY, budget={"usd": 1})
    assert "budget.usd cannot hold models.judge: no price is known of model 'costly'" in told
    assert told.endswith("or limit budget.tokens or budget.calls")
    load(tmp_path, **COSTLY, budget={"tokens": 1000})


def test_an_unknown_price_is_warned_about(tmp_path: Path) -> None:
    (tmp_path / "custom.py").write_text(CUSTOM)
    (warning,) = load(tmp_path, **COSTLY).warnings
    assert "models.judge counts as free: no price is known of model 'costly'" in warning


def test_a_plan_says_that_it_knows_no_price(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "custom.py").write_text(CUSTOM)
    load(tmp_path, **COSTLY)
    assert main(["plan", str(tmp_path / "toy.yaml"), "--allow-local-code"]) == 0
    out, err = capsys.readouterr()
    judging = next(line for line in out.splitlines() if "models.judge" in line)
    assert judging.split()[5] == "?"
    assert next(line for line in out.splitlines() if "total" in line).split()[-1] == "?"
    assert "warning: " in err
    assert "counts as free" in err
