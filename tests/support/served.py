"""A policy behind a service: local code for a recipe, over the plugin `openai` as it is.

A service trains nothing, so a checkpoint is only the name by which the model is asked.
"""

from __future__ import annotations

import json

from rlaif_core.api import Metrics, Optimizer, TrainingJob
from rlaif_openai.model import OpenAI


class Served(OpenAI):
    """Says of itself which checkpoint is asked."""

    @property
    def checkpoint(self) -> str | None:
        return self.params.model

    def at(self, checkpoint: str) -> Served:
        return Served(self.params.model_copy(update={"model": checkpoint}))


class Copy(Optimizer):
    """Trains nothing, and leaves a checkpoint."""

    def train(self, job: TrainingJob) -> Metrics:
        (job.output / "policy.json").write_text(json.dumps({"from": job.checkpoint}))
        return {"loss": 0.0}
