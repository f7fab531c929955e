"""From won and lost comparisons to a benchmark's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rlaif_evaluators.outcomes import outcome
from rlaif_evaluators.reward_bench_params import (
    CATEGORY_WEIGHTS,
    SECTIONS,
    RewardBenchParams,
    Section,
)

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray


def matrix(chosen: Sequence[float], rejected: Sequence[float]) -> list[list[float]]:
    """Outcomes of one example, of shape [styles, styles].

    Row i, column j is the right response in style i against the wrong one in style j: 1 if it has
    the higher reward, one half for a tie. Below the diagonal the right one is written with more
    effort (easy), above it the wrong one is (hard).
    """
    return [[outcome(right, wrong) for wrong in rejected] for right in chosen]


def figures(
    won: Sequence[Sequence[Sequence[float]]],
    categories: Sequence[str],
    prompts: Sequence[str],
    params: RewardBenchParams,
) -> dict[str, Any]:
    """A benchmark's figures.

    A section's accuracy is the mean over its categories, each weighted by its examples or as the
    benchmark says; `overall` is the weighted mean over sections. Examples in no section are
    measured by category alone.

    Args:
        won: Of shape [examples, styles, styles], see `matrix`.
        categories: Each example's category.
        prompts: Each example's prompt id.
        params: Sections and weights.

    Returns:
        `overall`, `sections` and `categories` (with interval and `n`), all accuracies in [0, 1];
        `examples`, and `unsectioned` if there are such. With several styles, sections and
        `overall` are means over all of them, and `easy`, `normal`, `hard` and the `matrix` are
        given beside `overall`, and for each section in `difficulty`.
    """
    import numpy as np

    from rlaif_stats.intervals import win_rate

    table = np.asarray(won, dtype=np.float64)
    each = np.array(categories)
    tables = {name: table[each == name].mean(axis=0) for name in sorted(set(categories))}
    counts = {name: int((each == name).sum()) for name in tables}
    sections = _sections(params, tables)
    weights = params.category_weights
    if weights is None:
        weights = CATEGORY_WEIGHTS[params.layout]
    means = {
        name: np.average(
            [tables[category] for category in section.categories],
            axis=0,
            weights=[weights.get(category, counts[category]) for category in section.categories],
        )
        for name, section in sections.items()
    }
    together = np.average(
        list(means.values()), axis=0, weights=[value.weight for value in sections.values()]
    )
    accuracy = table.mean(axis=(1, 2))
    measured = {
        name: win_rate(accuracy[each == name], np.array(prompts)[each == name]) for name in tables
    }
    told: dict[str, Any] = {
        "overall": _total(together),
        "sections": {name: _total(figures) for name, figures in means.items()},
        "categories": {
            name: {**estimate.figure(), "n": estimate.n} for name, estimate in measured.items()
        },
        "examples": len(categories),
    }
    sectioned = {category for section in sections.values() for category in section.categories}
    if left := sum(count for name, count in counts.items() if name not in sectioned):
        told["unsectioned"] = left
    if table.shape[1] > 1:
        told |= difficulty(together)
        told["difficulty"] = {name: difficulty(figures) for name, figures in means.items()}
        told["matrix"] = together.tolist()
    return told


def difficulty(table: NDArray[float64]) -> dict[str, float]:
    """Means below the diagonal (`easy`), on it (`normal`) and above it (`hard`)."""
    import numpy as np

    below, above = np.tril_indices(len(table), -1), np.triu_indices(len(table), 1)
    return {
        "easy": float(table[below].mean()),
        "normal": float(np.diag(table).mean()),
        "hard": float(table[above].mean()),
    }


def _total(table: NDArray[float64]) -> float:
    """One accuracy: with several styles the mean of easy, normal and hard."""
    if len(table) == 1:
        return float(table[0, 0])
    parts = difficulty(table)
    return sum(parts.values()) / len(parts)


def _sections(params: RewardBenchParams, found: Mapping[str, object]) -> dict[str, Section]:
    """The sections that have an example, with the categories that do."""
    wanted = params.sections
    if wanted is None:
        known = SECTIONS[params.layout]
        wanted = {name: Section(categories=of) for name, of in known.items()}
        if not any(
            category in found for section in wanted.values() for category in section.categories
        ):
            wanted = {name: Section(categories=[name]) for name in found}
    present = {
        name: section.model_copy(
            update={
                "categories": [category for category in section.categories if category in found]
            }
        )
        for name, section in wanted.items()
    }
    return {name: section for name, section in present.items() if section.categories}
