"""Base of the reward models: checks, training in one process or several, scoring."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from rlaif_core.api import Metrics, Prompt, RewardModel, TrainingJob
from rlaif_trl.preferences.pairs import LabelledPair, read_pairs, split_heldout, without_ties
from rlaif_trl.reward.params import RewardTraining

T = TypeVar("T", bound=RewardTraining)

Rewards = Callable[[Sequence[Prompt], Sequence[str]], list[float]]


class PreferenceModel(RewardModel[T]):
    """Learns from the preferences that are not held out, and scores responses."""

    def __init__(self, params: T) -> None:
        super().__init__(params)
        self._rewards: Rewards | None = None

    def check(self, checkpoint: str, prompts: Sequence[Prompt]) -> None:
        """Refuse a checkpoint that cannot be trained; see `RewardModel.check`."""
        from rlaif_trl.processes.devices import check_devices
        from rlaif_trl.training.start import check_start

        check_devices(self.params.processes)
        check_start(checkpoint, self.params, "SEQ_CLS")

    def fit(self, job: TrainingJob) -> Metrics:
        """Train on the preferences that are not held out; see `RewardModel.fit`.

        Returns:
            The metrics of `run`; with certain labels also "ties_left_out".

        Raises:
            DataError: If the preferences are too few, all ties, too long, or teach nothing.
            PluginError: If the checkpoint or `lora` cannot be used.
            RunError: If the loss is no longer finite, or a process ends.
        """
        from rlaif_trl.processes.devices import launched, train_in_processes
        from rlaif_trl.training.isolation import isolated

        params = self.params
        pairs, held = split_heldout(read_pairs(job.preferences), job.heldout)
        pairs, ties = without_ties(pairs, params.min_preferences, soft=params.soft_labels)
        if params.processes > 1 and not launched():
            return train_in_processes(self, job)
        with isolated(params.seed_of(job)):
            measured = self.run(job, pairs, held)
        return measured if params.soft_labels else {**measured, "ties_left_out": ties}

    @abstractmethod
    def run(
        self, job: TrainingJob, pairs: list[LabelledPair], held: list[LabelledPair]
    ) -> dict[str, float]:
        """Train and save, alone or as one process of several.

        Args:
            job: The training job.
            pairs: Preferences to train on.
            held: Preferences to evaluate on.
        """

    @abstractmethod
    def opened(self, folder: str) -> Rewards:
        """The trained model in `folder`, ready to score."""

    def load(self, folder: str) -> None:
        """Make the model in `folder` the one that `score` uses, on a GPU if there is one.

        Raises:
            PluginError: If it cannot be loaded, or is of another kind.
        """
        self._rewards = self.opened(folder)

    def score(self, prompts: Sequence[Prompt], responses: Sequence[str]) -> list[float]:
        """Standard rewards; see `RewardModel.score`.

        Raises:
            LookupError: If no model is loaded.
            ValueError: If prompts and responses are not equally many.
            DataError: If one is too long and `overlong` is "error".
        """
        if self._rewards is None:
            raise LookupError("no reward model is loaded: call load first")
        return self._rewards(prompts, responses)

    async def close(self) -> None:
        """Free the loaded model."""
        self._rewards = None
