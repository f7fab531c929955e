"""Kind `judge_metrics`: how reliable a judge is, computed from its verdicts in the ledger.

from rlaif_core.api import JudgeMetric, Metric, Params
from rlaif_core.runs import Run

class Ties(JudgeMetric[Params, Run]):
    def measure(self, run, round_index, split):
        pairs = list(run.pairs(round_index, split))
        if pairs:
            ties = sum(pair.p_a == 0.5 for pair in pairs)
            yield Metric(name="tie_rate", value=ties / len(pairs), n=len(pairs), group="judge")
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Generic

from typing_extensions import TypeVar

from rlaif_core.api.component import Component, P
from rlaif_core.api.metric import Metric, Missing
from rlaif_core.api.records import JudgedPair

R = TypeVar("R", default=Any, contravariant=True)
"""`rlaif_core.runs.Run`."""


class JudgeMetric(Component[P], Generic[P, R]):
    """Measures a judge after each stage in which it gave verdicts.

    Every method may be left out but `measure`. Memory must not grow with the texts: read what is
    needed as it streams.
    """

    @abstractmethod
    def measure(self, run: R, round_index: int, split: str) -> Iterable[Metric | Missing]:
        """Metrics of the judge on one split.

        Args:
            run: Read-only access to the run (`rlaif_core.runs.Run`).
            round_index: From 0.
            split: "train", "evaluation" (held-out pairs) or "second" (training pairs judged
                again by the evaluation judge).
        """

    def against_quality(
        self, pairs: Iterable[tuple[JudgedPair, float | None]], source: str
    ) -> Iterable[Metric | Missing]:
        """Metrics on pairs whose quality is known by something other than the judge.

        Args:
            pairs: Training pairs, those of a prompt together, each with A's lead in quality; None
                where it is not known. Read once.
            source: What measured the quality.
        """
        return ()

    def rankings(self, run: R, rounds: Iterable[int], split: str) -> Mapping[str, Any] | None:
        """Models ranked by the verdicts on their responses; None if no two met.

        Returns:
            As `policies` of metrics.json: `models`, each with rating, interval and Elo.
        """
        return None
