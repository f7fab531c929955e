"""Rules between a recipe's sections, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, Literal

from pydantic import ValidationError

from rlaif_core.api import (
    Filter,
    Judge,
    JudgeFacts,
    Optimizer,
    Pairing,
    PairwiseJudge,
    PointwiseJudge,
)
from rlaif_core.recipe import secrets
from rlaif_core.recipe.components import ComponentSpec
from rlaif_core.recipe.document import Document, dotted
from rlaif_core.recipe.places import places, references, value_at
from rlaif_core.recipe.problems import Problem
from rlaif_core.recipe.sections import REWARD_MODEL, JudgeSection
from rlaif_core.recipe.validation import suggestion

Purpose = Literal["run", "judge", "compare", "any"]
"""The command that the recipe is for; "any" is "run" if it has a section of a run."""

RUN = ("policy", "prompts", "sampler", "pairing")
LABELLING = ("sampler", "pairing")
"""Of these, what a run goes without whose optimizer is rewarded while it learns."""

ON_PREFERENCES = (("filters",), ("validation",), ("guards",), ("judge", "calibration"))
"""Sections that work on preferences, and have nothing to do without them."""


def is_a_run(data: Mapping[str, Any], purpose: Purpose) -> bool:
    """True if the recipe is to be played, and not only its judge asked."""
    return purpose in ("run", "compare") or (
        purpose == "any" and any(data.get(name) is not None for name in RUN)
    )


def missing_sections(
    document: Document,
    data: Mapping[str, Any],
    components: Mapping[str, ComponentSpec],
    purpose: Purpose,
) -> Iterator[Problem]:
    """Sections that the command needs and the recipe has not."""
    if not is_a_run(data, purpose):
        return
    present = [name for name in RUN if data.get(name) is not None]
    unlabelled = not set(present) & set(LABELLING) and not learns_from_preferences(data, components)
    for name in RUN:
        if name not in present and not (unlabelled and name in LABELLING):
            message = f"the recipe has no '{name}', which `rlaif run` needs"
            yield Problem(document.position(()), message)
    for path in ON_PREFERENCES:
        if unlabelled and value_at(data, path) not in (None, []):
            message = "there are no preferences without a sampler and a pairing; add both"
            yield Problem(document.key_position(path), f"{dotted(path)}: {message}")


def learns_from_preferences(
    data: Mapping[str, Any], components: Mapping[str, ComponentSpec]
) -> bool:
    """True if preferences are what a run is for: something learns from them, or nothing learns."""
    optimizer = components.get("optimizer")
    return (
        data.get("reward_model") is not None
        or optimizer is None
        or not issubclass(optimizer.component, Optimizer)
        or optimizer.component.needs_preferences
    )


def broken_references(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Models that are asked by a name that no model has."""
    models = data.get("models")
    names = [str(name) for name in models] if isinstance(models, dict) else []
    if "policy" in names:
        message = "models.policy: 'policy' is the trained model's name; choose another one"
        yield Problem(document.key_position(("models", "policy")), message)
    if data.get("policy") is not None:
        names.append("policy")
    for reference in references(data):
        if reference.name not in names:
            place = dotted(reference.path)
            hint = suggestion(reference.name, names) or "; define it under `models:`"
            if reference.name == "policy":
                hint = "; add a `policy:` section"
            message = f"{place}: there is no model '{reference.name}'{hint}"
            yield Problem(document.position(reference.path), message)


def misplaced_variables(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Variables outside components' parameters, whose types tell what a secret is."""
    params = [(*place.path, "params") for place in places(data)]
    for path in secrets.variables(data):
        if not any(path[: len(parameter)] == parameter for parameter in params):
            message = f"{dotted(path)}: {secrets.misplaced(value_at(data, path))}"
            yield Problem(document.position(path), message)


def unasked_models(
    document: Document, data: Mapping[str, Any], components: Mapping[str, ComponentSpec]
) -> Iterator[Problem]:
    """Judges that need a model and are given none."""
    for place, spec in components.items():
        if (
            issubclass(spec.component, Judge)
            and spec.component.needs_model
            and value_at(data, (*spec.path, "model")) is None
        ):
            message = f"{spec.entry.label} needs a model: add `model: name` to {place}"
            yield Problem(document.position((*spec.path, "use")), message)


def objections(
    document: Document, data: Mapping[str, Any], components: Mapping[str, ComponentSpec]
) -> Iterator[Problem]:
    """Filters and pairings that cannot work with the judge."""
    facts = judge_facts(data, components)
    if facts is None:
        return
    for spec in components.values():
        if not issubclass(spec.component, (Filter, Pairing)):
            continue
        try:
            objection = spec.component(spec.params).objection(facts)
        except Exception as error:  # a plugin's constructor may raise anything
            objection = f"{type(error).__name__}: {error}"
        if objection:
            where = document.position((*spec.path, "use"))
            yield Problem(where, f"{spec.entry.label}: {objection}")


def judge_facts(
    data: Mapping[str, Any], components: Mapping[str, ComponentSpec], place: str = "judge"
) -> JudgeFacts | None:
    """Facts of the judge section at a place; None if there is no valid one."""
    path = place.split(".")
    if place not in components or path[-1] != "judge":
        return None
    try:
        section = JudgeSection.model_validate(value_at(data, tuple(path)))
    except ValidationError:
        return None  # reported by the section's own validation
    orders = 2 if section.orders == "both" else 1
    pointwise = issubclass(components[place].component, PointwiseJudge)
    kind = PointwiseJudge.kind if pointwise else PairwiseJudge.kind
    return JudgeFacts(section.use, kind, orders * section.votes, section.votes)


def broken_gates(
    document: Document, data: Mapping[str, Any], components: Mapping[str, ComponentSpec]
) -> Iterator[Problem]:
    """Gates that compare responses, where one that scores each by itself is needed."""
    for place, spec in components.items():
        gates = place.endswith(".gate") or value_at(data, (*spec.path, "gate")) is True
        if gates and not issubclass(spec.component, PointwiseJudge):
            message = f"{place}: {spec.entry.label} compares responses; a gate must score each one"
            yield Problem(document.position((*spec.path, "use")), message)


def broken_rewards(
    document: Document, data: Mapping[str, Any], components: Mapping[str, ComponentSpec]
) -> Iterator[Problem]:
    """Rewards that cannot be asked, settings without effect, and rewards nobody learns from."""
    rewards = data.get("rewards")
    if not isinstance(rewards, dict) or not rewards:
        return
    for name, section in rewards.items():
        for key, message in _broken_reward(section if isinstance(section, dict) else {}, data):
            place = ("rewards", name, key)
            yield Problem(document.key_position(place), f"{dotted(place)}: {message}")
    if data.get("optimizer") is None:
        message = "rewards: there is no optimizer that could learn from them; add one"
        yield Problem(document.key_position(("rewards",)), message)
    optimizer = components.get("optimizer")
    if optimizer and not getattr(optimizer.component, "needs_scorer", True):
        message = f"rewards: {optimizer.entry.label} learns from preferences and asks for no reward"
        fix = "take an optimizer that learns online, or leave the rewards out"
        yield Problem(document.key_position(("rewards",)), f"{message}; {fix}")


def _broken_reward(
    section: Mapping[str, Any], data: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Problems by key."""
    if section.get("use") == REWARD_MODEL:
        if data.get("reward_model") is None:
            yield "use", "the recipe has no reward_model; add one"
        for key in ("params", "model"):
            if section.get(key):
                yield key, "the round's reward model is set up under `reward_model:`; move it there"
    if section.get("gate") is True and section.get("floor") is not None:
        yield "floor", "a gate is no reward to hold at a floor; leave one of the two out"


def missing_files(
    document: Document, data: Mapping[str, Any], folder: FilePath
) -> Iterator[Problem]:
    """Anchor files that are not there."""
    for path in (("judge", "calibration", "anchors"), ("guards", "anchors")):
        named = value_at(data, path)
        if isinstance(named, str) and not (folder / named).exists():
            yield Problem(document.position(path), f"{dotted(path)}: no such file: {named}")
