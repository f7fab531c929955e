"""Settlement of a jury's verdicts once all of them are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rlaif_core.api import Settlement, Verdict
from rlaif_judges.asking.compare import clipped
from rlaif_judges.jury.dawid_skene import LEAST_ITEMS, dawid_skene

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def settled(
    verdicts: Sequence[Verdict],
    said: Sequence[Mapping[str, float]],
    *,
    estimate: bool,
    clip: float,
) -> Settlement:
    """Measure a jury, and if asked to, decide anew with its members' estimated accuracies.

    Args:
        verdicts: The jury's n verdicts.
        said: n times what each member said, by name.
        estimate: Whether to decide by Dawid and Skene. With too few verdicts of some member to
            estimate from, the verdicts stay as they are.
        clip: Probabilities are kept within [clip, 1 - clip].

    Returns:
        The verdicts, and under "jury" how many `judges` there are; `verdict_correlation`, the
        mean correlation between two members' verdicts; `effective_judges_at_least`, how many
        independent judges they are worth if all of that were shared error, which is a lower bound
        for members that are about equally good, since judges that are right agree as well; and
        `accuracies` where they were estimated.
    """
    from rlaif_stats.jury import effective_judges, error_correlation
    from rlaif_stats.outcomes import sides

    names = sorted({name for members in said for name in members})
    if len(names) < 2:
        return Settlement(verdicts)
    outcomes = _table(said, names)
    figures: dict[str, Any] = {"judges": len(names)}
    # Against a constant truth an error is a verdict for the second, so that this is the
    # correlation of the verdicts themselves.
    correlation = error_correlation(outcomes, [1.0] * len(said))
    if correlation == correlation:
        figures["verdict_correlation"] = correlation
        worth = effective_judges(len(names), min(max(correlation, 0.0), 1.0))
        figures["effective_judges_at_least"] = worth
    side = sides(outcomes)
    if estimate and (abs(side) == 1.0).sum(axis=0).min() >= LEAST_ITEMS:
        verdicts, figures["accuracies"] = _decided_anew(verdicts, side, names, clip)
    return Settlement(verdicts, {"jury": figures})


def _decided_anew(
    verdicts: Sequence[Verdict], side: NDArray[np.float64], names: Sequence[str], clip: float
) -> tuple[list[Verdict], dict[str, dict[str, float]]]:
    found = dawid_skene(side)
    told = [
        verdict if p != p else clipped(replace(verdict, p_first=float(p), confidence=None), clip)
        for verdict, p in zip(verdicts, found.p_first, strict=True)
    ]
    accuracies = {
        name: {"first": float(on_first), "second": float(on_second)}
        for name, on_first, on_second in zip(
            names, found.right_on_first, found.right_on_second, strict=True
        )
    }
    return told, accuracies


def _table(said: Sequence[Mapping[str, float]], names: Sequence[str]) -> NDArray[np.float64]:
    """Shape (verdicts, members); NaN where a member returned no verdict."""
    import numpy as np

    return np.array([[members.get(name, np.nan) for name in names] for members in said])
