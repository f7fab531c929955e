"""Kind `optimizers`: a better policy from preferences or rewards."""

from __future__ import annotations

from abc import abstractmethod

from rlaif_core.api.component import Component, P
from rlaif_core.api.training import Metrics, TrainingJob


class Optimizer(Component[P]):
    """Trains a policy. Blocking: the engine runs it in a worker thread."""

    needs_preferences: bool = True
    needs_scorer: bool = False

    @abstractmethod
    def train(self, job: TrainingJob) -> Metrics:
        """Train from `job.checkpoint` and write a policy to `job.output`.

        The output loads by `from_pretrained` alone: safetensors, tokenizer, chat template.

        Returns:
            The last training metrics (loss, accuracy, steps).

        Raises:
            DataError: If the data cannot be trained on; before any training starts.
        """
