"""The top of the page: what it says, and why it does not say more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.reading import Page, written
from tests.support.run_folder import RECIPE, RunWriter

RECIPE_WITHOUT_REWARD_MODEL = RECIPE.replace("reward_model: {{use: trl}}\n", "")


def page_of(folder: Path, recipe: str = RECIPE, **round_sections: Any) -> Page:
    """The page of a run without a ledger, of one round."""
    round_ = {"round": 0, "dropped": {}, "judge": {}, "policy": {}, **round_sections}
    (folder / "metrics.json").write_text(json.dumps({"rounds": [round_]}))
    (folder / "recipe.yaml").write_text(recipe.format(name="x", rounds=1))
    return Page(written(folder).read_text())


def test_a_metric_that_is_missing_says_why(tmp_path: Path) -> None:
    missing = {"label": "Win rate", "reason": "the judge abstained on all 24 held-out prompts"}
    page = page_of(tmp_path, not_measured={"policy": {"win_rate": missing}})
    assert "Win rate not measured the judge abstained on all 24 held-out prompts" in page.text


def test_a_headline_has_its_interval_and_its_change(tmp_path: Path) -> None:
    score = {"label": "Rhymes", "value": 0.6, "baseline": 0.4, "low": 0.35, "high": 0.85}
    page = page_of(tmp_path, records={"policy": {"rhymes": {**score, "headline": True}}})
    expected = "0.400 → 0.600 95 % interval 0.350 to 0.850, +0.200 against the base"
    assert f"Rhymes {expected}" in page.text


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ({}, "not measured no pair has two votes that took a side"),
        ({"agreement": 0.866, "agreement_pairs": 127}, "86.6\u00a0% on 127 pairs"),
    ],
)
def test_the_votes_agreement_says_what_it_stands_on(
    judge: dict[str, Any], said: str, tmp_path: Path
) -> None:
    said = said.replace("\u00a0", " ")
    assert f"Agreement of votes {said}" in page_of(tmp_path, judge=judge).text


def test_a_recipe_without_a_reward_model_has_no_such_section(tmp_path: Path) -> None:
    page = page_of(tmp_path, RECIPE_WITHOUT_REWARD_MODEL)
    assert "Reward model" not in page.headings
    assert not any(link["href"] == "#reward-model-0" for link in page.all("a"))
    assert "No evaluator measured it." in page.text


def test_a_guards_stage_is_stopped_rather_than_unfinished(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", 4)
    writer.ledger.keep_stage(0, "guards", 1.0, {"guards": {}}, done=False)
    folder = writer.finish()
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["stopped"] = "round 0: score entropy is 0"
    (folder / "metrics.json").write_text(json.dumps(metrics))

    page = Page(written(folder).read_text())

    assert "The run stopped in round 0: score entropy is 0." in page.text
    assert "is not finished" not in page.text


def test_held_out_prompts_that_were_trained_on_are_a_notice(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", 4)
    writer.ledger.keep_stage(0, "prompts", 0.1, {"train": 4, "shared": 4}, done=True)

    page = Page(written(writer.finish()).read_text())

    assert "4 held-out prompts are also training prompts" in page.text


def test_what_was_chosen_stands_before_what_belongs_to_the_place(tmp_path: Path) -> None:
    judge = {"use": "pairwise", "distribution": "rlaif-judges", "chosen": ["reasoning"]}
    (tmp_path / "manifest.json").write_text(json.dumps({"components": {"judge": judge}}))
    recipe = RECIPE.replace("{{reasoning: true}}", "{{clip: 0.0, reasoning: true}}")
    page = page_of(tmp_path, recipe)
    assert "pairwise rlaif-judges reasoning: true, model: grader, orders: both" in page.text


def test_costs_are_listed_under_the_policies_names(run_folder: Path, tmp_path: Path) -> None:
    page = Page(written(run_folder, tmp_path / "page.html").read_text())
    assert "base lab-policy@5f0c 92 11,040" in page.text
