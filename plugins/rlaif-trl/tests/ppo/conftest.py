"""A small job of the tiny chat model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from rlaif_core.api import Message, Metrics, Prompt, TrainingJob
from rlaif_trl.ppo.optimizer import PPO


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result of a training."""

    metrics: Metrics
    steps: list[dict[str, float]]
    job: TrainingJob

    @property
    def folder(self) -> str:
        return str(self.job.output)

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        from safetensors.torch import load_file

        return load_file(self.job.output / "model.safetensors")


Train = Callable[..., Outcome]


def upper_case(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float | None]:
    """A reward that a byte-level model can chase: how much of a text is upper case."""
    return [sum(letter.isupper() for letter in text) / max(len(text), 1) for text in texts]


@pytest.fixture
def train(checkpoint, tmp_path) -> Train:
    """Trains on the tiny chat model; `changes` are of the job, the rest are parameters."""

    def run(changes: dict[str, object] | None = None, **params: object) -> Outcome:
        place = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        place.mkdir()
        steps: list[dict[str, float]] = []
        job = TrainingJob(
            checkpoint=checkpoint,
            reference=checkpoint,
            preferences=Path(place),
            heldout=frozenset(),
            prompts=[Prompt(f"p{i}", (Message("user", "say " + "x" * i),)) for i in range(6)],
            output=place / "output",
            scorer=upper_case,
            progress=lambda done, total, metrics: steps.append(dict(metrics)),
        )
        job = dataclasses.replace(job, **(changes or {}))
        settings = {
            "learning_rate": 1e-3,
            "per_device_train_batch_size": 4,
            "num_mini_batches": 2,
            "num_ppo_epochs": 2,
            "max_completion_length": 6,
            "max_steps": 2,
        }
        return Outcome(PPO(PPO.Params(**{**settings, **params})).train(job), steps, job)

    return run
