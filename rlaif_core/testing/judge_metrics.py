"""Conformance of judge metrics."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from rlaif_core.api import JudgeMetric, Metric, Missing
from rlaif_core.runs import Run
from rlaif_core.testing.conformance import Conformance, run
from rlaif_core.testing.reporters import make_run


class JudgeMetricConformance(Conformance[JudgeMetric[Any, Run]]):
    """Checks a judge metric on a run with one pair, and on a split without any."""

    async def exercise(self, component: JudgeMetric[Any, Run]) -> list[Metric | Missing]:
        """The metrics of a run that is going on."""
        with tempfile.TemporaryDirectory() as name, Run.open(make_run(Path(name) / "r")) as opened:
            return list(component.measure(opened, 0, "train"))

    def test_its_metrics_are_json_and_come_back_from_their_records(self) -> None:
        """The ledger keeps records; the report reads them."""

        async def measuring() -> list[Metric | Missing]:
            async with self.running() as component:
                return await self.exercise(component)

        for metric in run(measuring()):
            if isinstance(metric, Metric):
                assert Metric.of(json.loads(json.dumps(metric.record()))) == metric
                json.dumps(metric.figure(), allow_nan=False)
            else:
                assert metric.reason, f"{metric.name} is missing without a reason"

    def test_a_split_without_verdicts_is_no_error(self) -> None:
        """A metric that cannot be measured is `Missing`, or left out."""

        async def measuring() -> list[Metric | Missing]:
            async with self.running() as component:
                folder = tempfile.TemporaryDirectory()
                with folder as name, Run.open(make_run(Path(name) / "r")) as opened:
                    return list(component.measure(opened, 7, "evaluation"))

        assert not [metric for metric in run(measuring()) if isinstance(metric, Metric)]
