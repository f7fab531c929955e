"""Judge metrics of a round, by the components that the recipe names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rlaif_core.api.judge_metric import JudgeMetric
from rlaif_core.api.records import JudgedPair
from rlaif_core.engine.session import Session
from rlaif_core.metrics.judge import section
from rlaif_core.metrics.run import JSON, merge
from rlaif_core.runs import Run

PLACE = "judge_metrics."

SECOND = "second"
"""The split of the training pairs that the evaluation judge judged too."""


async def measure(session: Session, round_index: int, split: str) -> JSON:
    """Metrics of a split's judge, as the `judge` section of metrics.json has them."""
    run = Run(session.folder.path, session.ledger)
    figures: JSON = {}
    for component in await _components(session):
        found = list(component.measure(run, round_index, split))
        merge(figures, section("train" if split == SECOND else split, found))
        models = component.rankings(run, [round_index], split)
        if models is not None:
            merge(figures, {"models": {split: models}})
    return figures


async def measure_against_quality(
    session: Session, pairs: Callable[[], Iterable[tuple[JudgedPair, float | None]]], source: str
) -> JSON:
    """Metrics on training pairs whose quality is known; see `JudgeMetric.against_quality`.

    Args:
        session: The open run.
        pairs: Begins the pairs anew, for each component.
        source: What measured the quality.
    """
    figures: JSON = {}
    for component in await _components(session):
        merge(figures, section("train", component.against_quality(pairs(), source)))
    return figures


async def rankings(session: Session, rounds: Iterable[int], split: str) -> Mapping[str, Any] | None:
    """Models ranked over several rounds; None if no two met, or nothing measures it."""
    run = Run(session.folder.path, session.ledger)
    for component in await _components(session):
        ranked = component.rankings(run, rounds, split)
        if ranked is not None:
            return ranked
    return None


async def _components(session: Session) -> list[JudgeMetric[Any, Run]]:
    places = [place for place in session.recipe.components if place.startswith(PLACE)]
    return [await session.components.get(place) for place in places]
