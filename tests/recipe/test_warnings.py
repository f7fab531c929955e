"""What a recipe may say but likely should not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from rlaif_core.api import RecipeError
from rlaif_core.recipe.load import load_recipe
from rlaif_core.recipe.recipe import Recipe
from tests.support.inside import BASE

TOYS = Path(__file__).parents[1] / "support"


def load(folder: Path, **sections: Any) -> Recipe:
    for name in ("toy.py", "kinds.py"):
        shutil.copy(TOYS / name, folder)
    path = folder / "toy.yaml"
    path.write_text(yaml.safe_dump({**BASE, "models": {}, **sections}, sort_keys=False))
    return load_recipe(path, allow_local_code=True)


ONLINE: dict[str, Any] = {"optimizer": {"use": "./kinds.py:Learner"}}
TRAINS = {"optimizer": {"use": "./toy.py:Copy"}}
VALUE = {"use": "./kinds.py:Value"}


def test_a_policy_that_judges_its_own_training_is_a_feedback_loop(tmp_path: Path) -> None:
    (warning,) = load(
        tmp_path, **TRAINS, judge={"use": "./toy.py:Judge", "model": "policy"}
    ).warnings
    assert "its model is the policy that it trains: a feedback loop" in warning
    assert warning.startswith(f"{tmp_path}/toy.yaml:")


def test_the_same_weights_by_another_name_are_the_same_loop(tmp_path: Path) -> None:
    models = {"twin": {"use": "./toy.py:ToyModel"}}
    judge = {"use": "./toy.py:Judge", "model": "twin"}
    (warning,) = load(tmp_path, **TRAINS, models=models, judge=judge).warnings
    assert "a feedback loop" in warning


@pytest.mark.parametrize(
    "sections",
    [
        {
            "judge": {"use": "./toy.py:Judge", "model": "judge"},
            "models": BASE["models"],
            **TRAINS,
        },
        {"judge": {"use": "./toy.py:Judge", "model": "policy"}},
        {"judge": {"use": "./kinds.py:Itself", "model": "policy"}, **TRAINS},
    ],
    ids=["another model", "nothing is trained", "meant to judge itself"],
)
def test_no_warning_where_there_is_no_loop(sections: dict[str, Any], tmp_path: Path) -> None:
    assert load(tmp_path, **sections).warnings == ()


def test_a_win_rate_by_the_training_judge_is_warned_about(tmp_path: Path) -> None:
    judged = {**TRAINS, "evaluators": [{"use": "win-rate"}]}
    (warning,) = load(tmp_path, **judged).warnings
    assert "name another one under evaluation.judge" in warning
    other = {"judge": {"use": "./kinds.py:Value"}}
    assert load(tmp_path, **judged, evaluation=other).warnings == ()


def test_a_policy_that_measures_itself_flatters_itself(tmp_path: Path) -> None:
    judge = {"use": "./toy.py:Judge", "model": "policy"}
    (warning,) = load(tmp_path, **TRAINS, evaluation={"judge": judge}).warnings
    assert "is the policy that it measures: it prefers what it says itself" in warning
    assert "learns" not in warning


def test_settings_for_several_rounds_are_idle_in_a_single_one(tmp_path: Path) -> None:
    between = {"mix": 0.3, "snapshots": 2, "prompts": "fresh"}
    warnings = load(tmp_path, **TRAINS, rounds=between).warnings
    assert [warning.split(": ", 1)[1] for warning in warnings] == [
        f"rounds.{name} has no effect in a single round: set rounds.n to 2 or more"
        for name in between
    ]
    assert load(tmp_path, **TRAINS, rounds={**between, "n": 2}).warnings == ()
    assert load(tmp_path, **TRAINS, rounds={"mix": 0.0, "n": 1}).warnings == ()


def test_held_out_prompts_that_are_the_training_prompts_are_warned_about(tmp_path: Path) -> None:
    same = {"use": "./toy.py:Prompts", "params": {"n": 4}}
    (warning,) = load(tmp_path, prompts={"train": same, "heldout": same}).warnings
    assert "prompts.heldout is the same as prompts.train" in warning
    others = {"use": "./toy.py:Prompts", "params": {"n": 4, "start": 4}}
    assert load(tmp_path, prompts={"train": same, "heldout": others}).warnings == ()


def test_a_model_that_nothing_asks_is_warned_about(tmp_path: Path) -> None:
    (warning,) = load(tmp_path, models=BASE["models"]).warnings
    assert warning.endswith("models.judge: nothing asks this model")


def test_votes_that_stop_at_another_share_than_the_filters_are_warned_about(tmp_path: Path) -> None:
    judge = {"use": "./kinds.py:Sharp", "votes": 5, "adaptive": 0.8}
    (warning,) = load(tmp_path, judge=judge).warnings
    assert "saves votes for a filter of their agreement: add one" in warning
    filters = [{"use": "agreement", "params": {"min": 0.9}}]
    (warning,) = load(tmp_path, judge=judge, filters=filters).warnings
    assert "judge.adaptive is 0.8 and filter 'agreement'" in warning
    assert "keeps from 0.9 on" in warning
    assert load(tmp_path, judge=judge, filters=[{"use": "agreement"}]).warnings == ()
    both = [{"use": "agreement"}, {"use": "confidence"}]
    (warning,) = load(tmp_path, judge=judge, filters=both).warnings
    assert "sees only the votes that were asked" in warning


@pytest.mark.parametrize(
    ("sections", "what"),
    [
        (
            {"judge": {"use": "./kinds.py:Sharp", "gate": {"use": "./kinds.py:Sharp"}}},
            "compares responses; a gate must score each one",
        ),
        ({"rewards": {"r": {"use": "reward_model"}}, **ONLINE}, "the recipe has no reward_model"),
        (
            {
                "rewards": {"r": {"use": "reward_model", "params": {"loss": "x"}}},
                "reward_model": {"use": "./kinds.py:Numbers"},
                **ONLINE,
            },
            "rewards.r.params: the round's reward model is set up under `reward_model:`",
        ),
        (
            {"rewards": {"r": {**VALUE, "gate": True, "floor": 0.5}}, **ONLINE},
            "rewards.r.floor: a gate is no reward to hold at a floor",
        ),
        ({"rewards": {"r": VALUE}}, "there is no optimizer"),
        (
            {"judge": {"use": "./kinds.py:Sharp", "calibration": {"anchors": "gone.jsonl"}}},
            "judge.calibration.anchors: no such file: gone.jsonl",
        ),
        ({"guards": {"anchors": "gone.jsonl"}}, "guards.anchors: no such file: gone.jsonl"),
        ({"rounds": {"n": 2, "mix": 1.0}}, "rounds.mix should be less than 1"),
        ({"rounds": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_work_is_one_line_at_its_place(
    sections: dict[str, Any], what: str, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError) as raised:
        load(tmp_path, **sections)
    (problem,) = raised.value.problems
    assert what in problem
    assert problem.startswith(f"{tmp_path}/toy.yaml:")


def test_a_number_of_rounds_is_short_for_its_section(tmp_path: Path) -> None:
    assert load(tmp_path, rounds=3).file.rounds == load(tmp_path, rounds={"n": 3}).file.rounds


OWN = """
from rlaif_evaluators.win_rate import WinRate
from rlaif_pairs.certainty import Agreement


class MyAgreement(Agreement):
    pass


class MyWinRate(WinRate):
    pass
"""


def test_warnings_go_by_what_a_class_declares_and_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    judge = {"use": "./kinds.py:Sharp", "votes": 3, "adaptive": 0.8}
    recipe = load(
        tmp_path,
        judge=judge,
        filters=[{"use": "./own.py:MyAgreement", "params": {"min": 0.8}}],
        evaluators=[{"use": "./own.py:MyWinRate"}],
        **TRAINS,
    )
    assert not [line for line in recipe.warnings if "adaptive" in line]
    assert [line for line in recipe.warnings if "measured by the judge" in line]
