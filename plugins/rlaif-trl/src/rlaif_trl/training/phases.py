"""One job as several trainings in sequence, each with its own folders and progress."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rlaif_core.api import Metrics, TrainingJob, digest


@dataclass
class Phases:
    """The parts of a job.

    Attributes:
        job: The whole.
        total: Number of parts.
        begun: Number of parts started.
    """

    job: TrainingJob
    total: int
    begun: int = 0

    def next(self, name: str) -> TrainingJob:
        """The next part: folder `name` below those of the job, progress as a share of the whole."""
        before, self.begun = self.begun, self.begun + 1

        def progress(done: int, total: int, metrics: Metrics) -> None:
            part = {"part": before + 1.0} if metrics and self.total > 1 else {}
            self.job.progress(before * total + done, self.total * total, {**metrics, **part})

        return replace(
            self.job,
            output=self.job.output / name,
            work=None if self.job.work is None else self.job.work / name,
            progress=progress,
        )

    def last(self) -> TrainingJob:
        """The last part, which writes where the job does."""
        return replace(self.next("last"), output=self.job.output, work=self.job.work)


def seed_of_part(seed: int, *part: object) -> int:
    """The seed of a part of a run."""
    return int(digest(seed, *part)[:7], 16)
