"""Accuracy of each judge, estimated from the verdicts of all (Dawid and Skene 1979).

By crowd-kit's expectation maximisation over verdicts in the order shown, so that a judge's two
error rates are also its position bias: how often it says "first" where the first is better, and
"second" where the second is.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from rlaif_core.api import PluginError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_ITEMS: Final = 20
"""Verdicts of a judge below which two error rates cannot be told from chance."""

RIGHT: Final = 2
WRONG: Final = 1
"""Verdicts of each kind that every judge is taken to have given on either side before: a weak
prior that it is more often right, without which few verdicts make it look infallible."""

ITERATIONS: Final = 300
TOLERANCE: Final = 1e-7
"""Expectation maximisation climbs slowly where judges are few: with crowd-kit's own tolerance of
1e-5 it stops halfway between the majority and the best that can be known."""

FIRST: Final = 1
SECOND: Final = 0


@dataclass(frozen=True)
class Estimated:
    """Estimates of items and judges from their verdicts.

    Attributes:
        p_first: shape (items,), the probability that the response shown first is better; NaN for
            items that nobody decided.
        right_on_first: shape (judges,), how often each says "first" where that is true.
        right_on_second: shape (judges,), how often each says "second" where that is true.
    """

    p_first: NDArray[np.float64]
    right_on_first: NDArray[np.float64]
    right_on_second: NDArray[np.float64]


def require_crowd_kit() -> None:
    """Check that the library is there.

    Raises:
        PluginError: If it is not, with what to install.
    """
    if find_spec("crowdkit") is None:
        raise PluginError(
            "judge 'jury' with `combine: dawid-skene` needs crowd-kit, which is not installed: "
            "pip install 'rlaif-judges[dawid-skene]'"
        )


def dawid_skene(sides: NDArray[np.float64]) -> Estimated:
    """Estimate truth and accuracies together.

    Judges are taken to err independently of each other given the truth. Those that copy each
    other are trusted too much.

    Args:
        sides: shape (items, judges): 1 for "the first is better", -1 for "the second", 0 or NaN
            for neither, which is left out.

    Returns:
        The estimates.
    """
    import numpy as np
    import pandas as pd
    from crowdkit.aggregation.classification.dawid_skene import DawidSkene

    decided = np.nan_to_num(sides)
    items, judges = np.nonzero(decided)
    labels = np.where(decided[items, judges] > 0, FIRST, SECOND)
    told = pd.DataFrame({"task": items, "worker": judges, "label": labels})
    before, truths = _prior(sides.shape[0], sides.shape[1])
    model = DawidSkene(n_iter=ITERATIONS, tol=TOLERANCE).fit(
        pd.concat([told, before], ignore_index=True), truths
    )
    posterior: pd.DataFrame = model.probas_
    errors: pd.DataFrame = model.errors_
    p_first = np.full(sides.shape[0], np.nan)
    seen = np.unique(items)
    p_first[seen] = posterior.loc[seen, FIRST].to_numpy()
    everyone = range(sides.shape[1])
    return Estimated(
        p_first,
        np.array([errors.loc[(judge, FIRST), FIRST] for judge in everyone]),
        np.array([errors.loc[(judge, SECOND), SECOND] for judge in everyone]),
    )


def _prior(items: int, judges: int) -> tuple[Any, Any]:
    """Made-up verdicts on items whose truth is known, which weigh as a Dirichlet prior does."""
    import pandas as pd

    rows = [
        (judge, truth, label)
        for judge in range(judges)
        for truth in (FIRST, SECOND)
        for label in [truth] * RIGHT + [1 - truth] * WRONG
    ]
    tasks = range(items, items + len(rows))
    told = pd.DataFrame(
        {
            "task": list(tasks),
            "worker": [judge for judge, _, _ in rows],
            "label": [label for _, _, label in rows],
        }
    )
    return told, pd.Series([truth for _, truth, _ in rows], index=list(tasks))
