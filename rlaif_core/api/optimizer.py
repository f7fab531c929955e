"""Kind `optimizers`: a better policy from preferences or rewards."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from rlaif_core.api.component import Component, P
from rlaif_core.api.metric import Measurement
from rlaif_core.api.records import Prompt
from rlaif_core.api.training import Metrics, TrainingJob


class Optimizer(Component[P]):
    """Trains a policy. Blocking: the engine runs it in a worker thread."""

    needs_preferences: bool = True
    needs_scorer: bool = False

    def check(self, checkpoint: str, prompts: Sequence[Prompt]) -> None:
        """Refuse what cannot be trained, as far as that is known before anything is judged.

        Called once, before the first round. What only the data show is refused by `train`.

        Args:
            checkpoint: What the first training starts from.
            prompts: The run's training prompts.

        Raises:
            RlaifError: With the fix.
        """

    @abstractmethod
    def train(self, job: TrainingJob) -> Metrics | Measurement:
        """Train from `job.checkpoint` and write a policy to `job.output`.

        The output loads by `from_pretrained` alone: safetensors, tokenizer, chat template.

        Returns:
            The last training metrics (loss, accuracy, steps); as a `Measurement` in its group
            "optimize" if some of them are to be drawn.

        Raises:
            DataError: If the data cannot be trained on; before any training starts.
        """
