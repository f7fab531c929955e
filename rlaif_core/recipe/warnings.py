"""Warnings about a recipe: likely mistakes that are allowed, shown before a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rlaif_core.api import Evaluator, Filter, Judge
from rlaif_core.recipe.components import ComponentSpec
from rlaif_core.recipe.document import Document, dotted
from rlaif_core.recipe.problems import Problem
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.recipe.requirements import unasked, unpriced
from rlaif_core.recipe.rules import judge_facts
from rlaif_core.recipe.sections import RoundsSection

POLICY = "policy"


def recipe_warnings(
    document: Document, data: Mapping[str, Any], recipe: Recipe
) -> Iterator[Problem]:
    """Every warning, at its place in the file."""
    for place, spec in recipe.components.items():
        if issubclass(spec.component, Judge):
            for message in _of_judge(place, spec, data, recipe):
                yield Problem(document.position((*spec.path, "use")), message)
    yield from _of_adaptive_voting(document, recipe)
    yield from _of_one_round(document, recipe)
    yield from _of_prompts(document, recipe)
    for spec, reason in unpriced(recipe.components, data):
        where = document.position((*spec.path, "use"))
        yield Problem(where, f"{dotted(spec.path)} counts as free: {reason}")
    for place in unasked(data):
        where = document.key_position(tuple(place.split(".", 1)))
        yield Problem(where, f"{place}: nothing asks this model")
    judged = next((spec for spec in recipe.components.values() if _uses_judge(spec)), None)
    if judged and recipe.file.evaluation.judge is None and recipe.file.optimizer is not None:
        yield Problem(
            document.position((*judged.path, "use")),
            f"{judged.entry.label}: measured by the judge that the policy learned from, which "
            "flatters it: name another one under evaluation.judge",
        )


def _of_adaptive_voting(document: Document, recipe: Recipe) -> Iterator[Problem]:
    """Votes stop once the filter `agreement` is decided; what else reads them wants them all."""
    share = recipe.file.judge.adaptive
    if share is None:
        return
    where = document.position(("judge", "adaptive"))
    filters = [
        spec
        for spec in recipe.components.values()
        if issubclass(spec.component, Filter) and spec.component.reads_agreement
    ]
    if not filters:
        yield Problem(where, "judge.adaptive saves votes for a filter of their agreement: add one")
    for spec in filters:
        kept_at = getattr(spec.params, "min", share)
        if kept_at != share:
            yield Problem(
                where,
                f"judge.adaptive is {share:g} and {spec.entry.label} keeps from {kept_at:g} "
                "on: other pairs are kept than all votes would keep; make them equal",
            )
    for spec in recipe.components.values():
        if not (issubclass(spec.component, Filter) and spec.component.reads_label):
            continue
        yield Problem(
            where,
            f"with judge.adaptive {spec.entry.label} sees only the votes that were asked: "
            "it may keep or drop other pairs than all votes would",
        )


def _of_prompts(document: Document, recipe: Recipe) -> Iterator[Problem]:
    """Held-out prompts that are the training prompts; what two files share is seen in the run."""
    train, heldout = (recipe.components.get(f"prompts.{split}") for split in ("train", "heldout"))
    if train is None or heldout is None:
        return
    if (train.entry, train.written) == (heldout.entry, heldout.written):
        message = (
            "prompts.heldout is the same as prompts.train: what is measured on these prompts "
            "flatters the policy; take another split, file or range"
        )
        yield Problem(document.position((*heldout.path, "use")), message)


def _of_one_round(document: Document, recipe: Recipe) -> Iterator[Problem]:
    """Settings between rounds where there is only one round."""
    rounds = recipe.file.rounds
    if rounds.n > 1:
        return
    for name in sorted(rounds.model_fields_set - {"n"}):
        if getattr(rounds, name) != RoundsSection.model_fields[name].default:
            message = f"rounds.{name} has no effect in a single round: set rounds.n to 2 or more"
            yield Problem(document.position(("rounds", name)), message)


def _uses_judge(spec: ComponentSpec) -> bool:
    return issubclass(spec.component, Evaluator) and spec.component.uses_judge


def _of_judge(
    place: str, spec: ComponentSpec, data: Mapping[str, Any], recipe: Recipe
) -> Iterator[str]:
    judge = spec.component(spec.params)
    assert isinstance(judge, Judge)
    facts = judge_facts(data, recipe.components, place)
    reason = None if facts is None else judge.warning(facts)
    if reason:
        yield f"{spec.entry.label}: {reason}"
    if recipe.file.optimizer is None or judge.judges_itself:
        return
    for role, model in recipe.models_of(place).items():
        if model == POLICY or _same_weights(recipe, model):
            asked = "its model" if role == "model" else f"its model '{role}'"
            yield f"{spec.entry.label}: {asked} is the policy that it {_its_own(place)}"


def _its_own(place: str) -> str:
    if place.startswith("evaluation."):
        return "measures: it prefers what it says itself, which flatters it; use another model"
    return (
        "trains: a feedback loop, in which the policy learns what it already likes; use another "
        "model, or the judge self-rewarding, which runs under guards"
    )


def _same_weights(recipe: Recipe, model: str) -> bool:
    policy, other = recipe.components.get(POLICY), recipe.components.get(model)
    return (
        policy is not None
        and other is not None
        and policy.entry == other.entry
        and policy.params == other.params
    )
