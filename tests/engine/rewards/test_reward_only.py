"""A run without preferences: its optimizer is rewarded while it learns."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rlaif_core.api import RecipeError
from rlaif_core.commands.plan import plan
from rlaif_core.recipe.load import load_recipe
from tests.support.inside import Inside, inside

__all__ = ["inside"]

ONLINE: dict[str, Any] = {
    "optimizer": {"use": "./kinds.py:Learner"},
    "judge": {"use": "./kinds.py:Value"},
    "sampler": None,
    "pairing": None,
}
COPY: dict[str, Any] = {"optimizer": {"use": "./toy.py:Copy"}}
VALUE: dict[str, Any] = {"value": {"use": "./kinds.py:Value"}}


def test_an_online_optimizer_needs_no_sampler_and_no_pairing(inside: Inside) -> None:
    metrics = inside.run(**ONLINE)
    assert inside.told()["rewards"] == [0.1, 0.4, 0.6, 0.9] * 4
    assert metrics["rounds"][0]["responses"] == metrics["rounds"][0]["verdicts"] == 0
    assert {stage for _, stage, *_ in inside.ledger.stages()} == {"prompts", "optimize"}


def test_a_plan_of_it_counts_no_labels(inside: Inside) -> None:
    recipe = load_recipe(inside.write(**ONLINE), allow_local_code=True)
    assert asyncio.run(plan(recipe)) == []


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("filters", [{"use": "agreement"}]),
        ("validation", {"labels": "people.jsonl"}),
        ("guards", {"action": "freeze"}),
    ],
)
def test_what_works_on_preferences_is_refused_there(
    name: str, section: Any, inside: Inside
) -> None:
    with pytest.raises(RecipeError) as refused:
        inside.run(**ONLINE, **{name: section})
    assert f"{name}: there are no preferences without a sampler and a pairing" in str(refused.value)


def test_half_of_the_labelling_is_no_labelling(inside: Inside) -> None:
    with pytest.raises(RecipeError, match="the recipe has no 'pairing'"):
        inside.run(**{**ONLINE, "sampler": {"use": "./toy.py:Answers"}})


def test_an_optimizer_that_learns_from_preferences_needs_them(inside: Inside) -> None:
    with pytest.raises(RecipeError, match="the recipe has no 'pairing'"):
        inside.run(**{**ONLINE, **COPY})


def test_rewards_that_an_optimizer_never_asks_for_are_refused(inside: Inside) -> None:
    with pytest.raises(RecipeError, match="learns from preferences and asks for no reward"):
        inside.run(**COPY, rewards=VALUE)
