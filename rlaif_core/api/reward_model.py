"""Kind `reward_models`: a scalar for a response, learned from preferences."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from rlaif_core.api.component import Component, P
from rlaif_core.api.records import Prompt
from rlaif_core.api.training import Metrics, TrainingJob


class RewardModel(Component[P]):
    """Learns from preferences, then scores. Blocking: the engine runs it in a worker thread."""

    def check(self, checkpoint: str, prompts: Sequence[Prompt]) -> None:
        """Refuse what cannot be trained, as far as that is known before anything is judged.

        Called once, before the first round. What only the data show is refused by `fit`.

        Args:
            checkpoint: What the first training starts from.
            prompts: The run's training prompts.

        Raises:
            RlaifError: With the fix.
        """

    @abstractmethod
    def fit(self, job: TrainingJob) -> Metrics:
        """Train on `job.preferences` and write a loadable model to `job.output`.

        Returns:
            At least "accuracy": share in [0, 1] of the held-out preferences whose chosen
            response scores higher, ties one half.

        Raises:
            DataError: If the preferences cannot be trained on.
        """

    @abstractmethod
    def load(self, folder: str) -> None:
        """Make the model in `folder` the one that `score` uses."""

    @abstractmethod
    def score(self, prompts: Sequence[Prompt], responses: Sequence[str]) -> list[float]:
        """Rewards of responses, standardised to mean 0 and deviation 1 over the reference set.

        Args:
            prompts: n prompts.
            responses: n response texts.

        Returns:
            n rewards.
        """
