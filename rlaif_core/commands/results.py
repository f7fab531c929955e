"""Results of the commands: typed views of what metrics.json and the run directory keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from typing_extensions import Self

from rlaif_core.api.records import JudgedPair
from rlaif_core.commands.plan import StagePlan
from rlaif_core.store.ledger import Reader
from rlaif_core.store.run_dir import RunFolder


@dataclass(frozen=True)
class Result:
    """Result of a command with a run directory.

    Attributes:
        run_dir: The run directory.
        metrics: The content of its metrics.json.
    """

    run_dir: Path
    metrics: Mapping[str, Any]

    @property
    def stopped(self) -> str | None:
        """Reason to end early: a guard, or people that the run waits for; None if complete."""
        return self.metrics.get("stopped")

    def with_metrics(self, **more: Any) -> Self:
        """This result with more metrics, which metrics.json keeps too."""
        metrics = {**self.metrics, **more}
        with closing(RunFolder(self.run_dir)) as folder:
            folder.write_json("metrics.json", metrics)
        return replace(self, metrics=metrics)


class RunResult(Result):
    """Result of `run`."""

    @property
    def rounds(self) -> Sequence[Mapping[str, Any]]:
        """Metrics of each round that began."""
        return list(self.metrics["rounds"])

    @property
    def best(self) -> int | None:
        """Number of the best round, from 0; None if nothing ranks the rounds."""
        best: int | None = self.metrics.get("best", {}).get("round")
        return best

    @property
    def policy(self) -> Path | None:
        """Checkpoint of the best round; None if there is none."""
        path = self.run_dir / "policy"
        return path if path.exists() else None


class JudgeResult(Result):
    """Result of `judge`."""

    @property
    def accuracy(self) -> float | None:
        """Share of the verdicts that agree with the given labels; None without labels."""
        return self.metrics.get("accuracy")

    def judged(self) -> Iterator[JudgedPair]:
        """Every pair in order, with its votes and the probability that response A is better."""
        with closing(Reader(self.run_dir / "ledger.sqlite", readonly=True)) as ledger:
            yield from ledger.judged(0)


class CompareResult(Result):
    """Result of `compare`."""

    @property
    def contests(self) -> Sequence[Mapping[str, Any]]:
        """Metrics of each two policies."""
        return list(self.metrics["contests"])


@dataclass(frozen=True)
class Plan:
    """Forecast of a recipe's model calls.

    Attributes:
        stages: One line for each stage and model.
        unplanned: What asks models besides, how often nobody knows before.
    """

    stages: tuple[StagePlan, ...]
    unplanned: tuple[str, ...] = ()

    @property
    def calls(self) -> int:
        """Model calls of all stages."""
        return sum(stage.calls for stage in self.stages)

    @property
    def usd(self) -> float | None:
        """Cost of all stages in US dollars; None if a model has no known price."""
        costs = [stage.usd for stage in self.stages if stage.usd is not None]
        return sum(costs) if len(costs) == len(self.stages) else None
