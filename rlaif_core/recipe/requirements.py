"""Needs of a section among the others: an error before anything is paid for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rlaif_core.api import Evaluator, Model, PairwiseJudge, Sampler, Source
from rlaif_core.recipe.components import ComponentSpec
from rlaif_core.recipe.document import Document, Path, dotted
from rlaif_core.recipe.places import references, value_at
from rlaif_core.recipe.problems import Problem
from rlaif_core.recipe.rules import learns_from_preferences

HELDOUT = "add `prompts.heldout`"


def unmet_needs(
    document: Document, data: Mapping[str, Any], components: Mapping[str, ComponentSpec]
) -> Iterator[Problem]:
    """Sections of a run that would come to nothing."""
    for spec in components.values():
        if issubclass(spec.component, Evaluator):
            for message in _of_evaluator(spec.component, data):
                where = document.position((*spec.path, "use"))
                yield Problem(where, f"{spec.entry.label} {message}")
    for path, message in (*_of_watching(components, data), *_of_floors(components, data)):
        yield Problem(document.position(path), f"{dotted(path)}: {message}")
    sampler = components.get("sampler")
    if (
        sampler
        and learns_from_preferences(data, components)
        and (reason := _ask(sampler, _too_few))
    ):
        where = document.position((*sampler.path, "use"))
        yield Problem(where, f"{sampler.entry.label}: {reason}")


def unheld_budgets(
    document: Document, data: Mapping[str, Any], components: Mapping[str, ComponentSpec]
) -> Iterator[Problem]:
    """A budget in dollars for calls whose price nobody knows."""
    path = ("budget", "usd")
    if value_at(data, path) is None:
        return
    for spec, reason in unpriced(components, data):
        message = f"budget.usd cannot hold {dotted(spec.path)}: {reason}"
        yield Problem(document.position(path), f"{message}, or limit budget.tokens or budget.calls")


def unpriced(
    components: Mapping[str, ComponentSpec], data: Mapping[str, Any]
) -> Iterator[tuple[ComponentSpec, str]]:
    """Each model that is asked and whose calls cost an unknown amount, with the fix."""
    idle = set(unasked(data))
    for place, spec in components.items():
        asked = issubclass(spec.component, Model) and place not in idle
        if asked and (reason := _ask(spec, lambda model: model.unpriced())):
            yield spec, reason


def unasked(data: Mapping[str, Any]) -> Iterator[str]:
    """Places of the models under `models:` that nothing asks."""
    asked = {reference.name for reference in references(data)}
    models = data.get("models")
    for name in models if isinstance(models, dict) else ():
        if name not in asked:
            yield f"models.{name}"


def _of_evaluator(evaluator: type[Evaluator[Any]], data: Mapping[str, Any]) -> Iterator[str]:
    if evaluator.needs_heldout and value_at(data, ("prompts", "heldout")) is None:
        yield f"measures nothing without held-out prompts: {HELDOUT}"
    if evaluator.needs_optimizer and data.get("optimizer") is None:
        yield "measures what training changed, and there is no optimizer: add one"
    if evaluator.needs_reward_model and data.get("reward_model") is None:
        yield "measures nothing without a reward model: add `reward_model`"


def _of_watching(
    components: Mapping[str, ComponentSpec], data: Mapping[str, Any]
) -> Iterator[tuple[Path, str]]:
    path = ("evaluation", "watch")
    watched = value_at(data, path)
    if watched is None:
        return
    source = components.get("prompts.heldout")
    if value_at(data, ("prompts", "heldout")) is None:
        yield path, f"it watches responses to held-out prompts: {HELDOUT}"
    elif watched == "gold" and source and _has_no_gold(source.component):
        yield (
            path,
            f"{source.entry.label} of the held-out prompts has no gold scores: set it to judge",
        )


def _has_no_gold(component: type[Any]) -> bool:
    return issubclass(component, Source) and not component.has_gold


def _of_floors(
    components: Mapping[str, ComponentSpec], data: Mapping[str, Any]
) -> Iterator[tuple[Path, str]]:
    """Within a group, as many win as lose: no policy can raise the mean."""
    for place, spec in components.items():
        path = (*spec.path, "floor")
        compares = place.startswith("rewards.") and issubclass(spec.component, PairwiseJudge)
        if compares and value_at(data, path) is not None:
            yield (
                path,
                f"{spec.entry.label} compares responses to one prompt, so that its mean reward is "
                "always one half: a floor needs a judge that scores each response",
            )


def _too_few(sampler: Sampler[Any]) -> str | None:
    drawn = sampler.responses()
    if drawn is None or drawn > 1:
        return None
    return "it gives one response to a prompt, and there is nothing to prefer it to: draw more"


def _ask(spec: ComponentSpec, question: Callable[[Any], str | None]) -> str | None:
    """Answer of the component before it is set up; its error if it raises one."""
    try:
        return question(spec.component(spec.params))
    except Exception as error:  # a plugin's constructor may raise anything
        return f"{type(error).__name__}: {error}"
