"""Needs of a section among the others: an error before anything is paid for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rlaif_core.api import Evaluator, Model, PairwiseJudge, Sampler, Source
from rlaif_core.recipe.components import Part
from rlaif_core.recipe.document import Document, Path, dotted
from rlaif_core.recipe.places import references, value_at
from rlaif_core.recipe.problems import Problem
from rlaif_core.recipe.rules import learns_from_preferences

HELDOUT = "add `prompts.heldout`"


def unmet_needs(
    document: Document, data: Mapping[str, Any], parts: Mapping[str, Part]
) -> Iterator[Problem]:
    """Sections of a run that would come to nothing."""
    for part in parts.values():
        if issubclass(part.component, Evaluator):
            for what in _of_evaluator(part.component, data):
                where = document.position((*part.path, "use"))
                yield Problem(where, f"{part.entry.label} {what}")
    for path, what in (*_of_watching(parts, data), *_of_floors(parts, data)):
        yield Problem(document.position(path), f"{dotted(path)}: {what}")
    sampler = parts.get("sampler")
    if sampler and learns_from_preferences(data, parts) and (told := _told(sampler, _too_few)):
        where = document.position((*sampler.path, "use"))
        yield Problem(where, f"{sampler.entry.label}: {told}")


def unheld_budgets(
    document: Document, data: Mapping[str, Any], parts: Mapping[str, Part]
) -> Iterator[Problem]:
    """A budget in dollars for calls whose price nobody knows."""
    path = ("budget", "usd")
    if value_at(data, path) is None:
        return
    for part, told in unpriced(parts, data):
        what = f"budget.usd cannot hold {dotted(part.path)}: {told}"
        yield Problem(document.position(path), f"{what}, or limit budget.tokens or budget.calls")


def unpriced(parts: Mapping[str, Part], data: Mapping[str, Any]) -> Iterator[tuple[Part, str]]:
    """Each model that is asked and whose calls cost an unknown amount, with the mend."""
    idle = set(unasked(data))
    for place, part in parts.items():
        asked = issubclass(part.component, Model) and place not in idle
        if asked and (told := _told(part, lambda model: model.unpriced())):
            yield part, told


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


def _of_watching(parts: Mapping[str, Part], data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    path = ("evaluation", "watch")
    watched = value_at(data, path)
    if watched is None:
        return
    source = parts.get("prompts.heldout")
    if value_at(data, ("prompts", "heldout")) is None:
        yield path, f"it watches responses to held-out prompts: {HELDOUT}"
    elif watched == "gold" and source and _knows_nothing(source.component):
        yield path, f"{source.entry.label} of the held-out prompts knows no truth: set it to judge"


def _knows_nothing(component: type[Any]) -> bool:
    return issubclass(component, Source) and not component.knows_truth


def _of_floors(parts: Mapping[str, Part], data: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Within a group, as many win as lose: no policy can raise the mean."""
    for place, part in parts.items():
        path = (*part.path, "floor")
        compares = place.startswith("rewards.") and issubclass(part.component, PairwiseJudge)
        if compares and value_at(data, path) is not None:
            yield (
                path,
                f"{part.entry.label} compares responses to one prompt, so that its mean reward is "
                "always one half: a floor needs a judge that scores each response",
            )


def _too_few(sampler: Sampler[Any]) -> str | None:
    drawn = sampler.responses()
    if drawn is None or drawn > 1:
        return None
    return "it gives one response to a prompt, and there is nothing to prefer it to: draw more"


def _told(part: Part, question: Callable[[Any], str | None]) -> str | None:
    """What the component says of itself before it is set up."""
    try:
        return question(part.component(part.params))
    except Exception as error:  # a plugin's constructor may raise anything
        return f"{type(error).__name__}: {error}"
