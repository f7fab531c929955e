"""Conformance of what trains: reward models and optimizers."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlaif_core.api import Measurement, Optimizer, Prompt, RewardModel, TrainingJob
from rlaif_core.testing.conformance import C, Conformance, run
from rlaif_core.testing.sample import make_prompt


class TrainingConformance(Conformance[C]):
    """Base of the trainers' classes: override `job` with a toy job of a few steps."""

    def job(self, output: Path) -> TrainingJob:
        """A job that takes seconds and writes to `output`."""
        raise NotImplementedError("give a toy training job")

    def train(self, component: C, job: TrainingJob) -> Mapping[str, float]:
        """Run the job."""
        raise NotImplementedError

    async def exercise(self, component: C) -> dict[str, str]:
        """The hashes of the weights that the job writes."""
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "output"
            metrics = self.train(component, self.job(output))
            for name, value in metrics.items():
                assert math.isfinite(value), f"metric {name!r} is {value}"
            weights = sorted(output.rglob("*.safetensors"))
            assert weights, f"no safetensors in {sorted(output.rglob('*'))}"
            return {
                str(file.relative_to(output)): hashlib.sha256(file.read_bytes()).hexdigest()
                for file in weights
            }

    def test_it_reports_progress_and_stops_when_asked(self) -> None:
        """A long training shows that it lives, and Ctrl-C ends it."""
        reported: list[tuple[int, int]] = []

        async def trained(stop: bool) -> int:
            reported.clear()
            with tempfile.TemporaryDirectory() as folder:
                job = replace(
                    self.job(Path(folder) / "output"),
                    progress=lambda done, total, metrics: reported.append((done, total)),
                    cancelled=lambda: stop and bool(reported),
                )
                async with self.running() as component:
                    self.train(component, job)
            return len(reported)

        whole = run(trained(stop=False))
        assert whole > 1, "call `job.progress` after each step, and give `job` more than one"
        assert reported[-1][0] <= reported[-1][1], f"progress {reported[-1]}"
        assert run(trained(stop=True)) < whole, "return early once `job.cancelled()` is true"


class OptimizerConformance(TrainingConformance[Optimizer[Any]]):
    """Checks an optimizer."""

    def train(self, component: Optimizer[Any], job: TrainingJob) -> Mapping[str, float]:
        """Run the job."""
        measured = component.train(job)
        return measured.figures["optimize"] if isinstance(measured, Measurement) else measured


class RewardModelConformance(TrainingConformance[RewardModel[Any]]):
    """Checks a reward model."""

    def train(self, component: RewardModel[Any], job: TrainingJob) -> Mapping[str, float]:
        """Run the job."""
        return component.fit(job)

    def scored(self) -> tuple[list[Prompt], list[str]]:
        """Prompts and responses for the fitted model to score."""
        return [make_prompt()] * 3, ["It is 4.", "", "Why do you ask?"]

    def test_what_it_fits_can_be_loaded_and_scores(self) -> None:
        """A reward for each response, the same each time."""

        async def scored() -> tuple[Mapping[str, float], list[float], list[float]]:
            with tempfile.TemporaryDirectory() as folder:
                job = self.job(Path(folder) / "output")
                async with self.running() as fitted:
                    metrics = fitted.fit(job)
                async with self.running() as loaded:
                    loaded.load(str(job.output))
                    return metrics, loaded.score(*self.scored()), loaded.score(*self.scored())

        metrics, first, second = run(scored())
        assert 0.0 <= metrics["accuracy"] <= 1.0, f"accuracy {metrics['accuracy']}"
        assert len(first) == len(self.scored()[1]), f"{len(first)} rewards"
        assert all(math.isfinite(reward) for reward in first), f"rewards {first}"
        assert first == second, f"two calls differ: {first}, {second}"
