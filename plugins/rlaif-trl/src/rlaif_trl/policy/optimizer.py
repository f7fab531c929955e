"""Base of the optimizers: checks, isolation, and training in several processes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from rlaif_core.api import DataError, Metrics, Optimizer, Prompt, Scorer, TrainingJob
from rlaif_trl.training.params import PolicyTraining

if TYPE_CHECKING:
    from rlaif_trl.model.chat import ChatEncoder

T = TypeVar("T", bound=PolicyTraining)


class PolicyOptimizer(Optimizer[T]):
    """Trains a policy with a trainer of TRL."""

    def check(self, checkpoint: str, prompts: Sequence[Prompt]) -> None:
        """Refuse a checkpoint that cannot be trained; see `Optimizer.check`."""
        self._checked(checkpoint)

    def _checked(self, checkpoint: str) -> ChatEncoder:
        from rlaif_trl.processes.devices import check_devices
        from rlaif_trl.training.start import check_start

        check_devices(self.params.processes)
        return check_start(checkpoint, self.params, "CAUSAL_LM")

    def train(self, job: TrainingJob) -> Metrics:
        """Train the policy of `job.checkpoint`; see `Optimizer.train`.

        Returns:
            "loss" and "steps", the optimizer's own metrics, and if the guard stopped it
            "guard_kl" or "guard_watch" with "kept_step": the step whose policy was kept.

        Raises:
            DataError: If the data cannot be trained on.
            PluginError: If a checkpoint or `lora` cannot be used.
            RunError: If the loss stops being a number, or a process ends.
        """
        from rlaif_trl.processes.devices import launched, train_in_processes
        from rlaif_trl.training.isolation import isolated

        self.check_data(job)
        if self.params.processes > 1 and not launched():
            return train_in_processes(self, job)
        with isolated(self.params.seed_of(job)):
            return self.run(job)

    def check_data(self, job: TrainingJob) -> None:
        """Refuse a job that cannot be trained on, before anything is loaded.

        Raises:
            DataError: If it cannot be trained on.
        """

    @abstractmethod
    def run(self, job: TrainingJob) -> Metrics:
        """Train and save, alone or as one process of several."""


class OnlineOptimizer(PolicyOptimizer[T]):
    """Learns from rewards of responses that it samples itself."""

    needs_preferences = False
    needs_scorer = True

    def check(self, checkpoint: str, prompts: Sequence[Prompt]) -> None:
        """Refuse also prompts that leave a response too little room."""
        encoder = self._checked(checkpoint)
        turns = [prompt.messages for prompt in prompts]
        encoder.encode_prompts(turns, self.params.max_completion_length)

    def check_data(self, job: TrainingJob) -> None:
        """Refuse a job without prompts or without a scorer."""
        if not job.prompts:
            raise DataError("there is no prompt to train on: give the recipe a source with prompts")
        scorer_of(job)


def scorer_of(job: TrainingJob) -> Scorer:
    """The rewards of a job.

    Raises:
        DataError: If it has none.
    """
    if job.scorer is None:
        raise DataError(
            "this optimizer learns from rewards: give the recipe a scorer (a judge or the round's "
            "reward model)"
        )
    return job.scorer


def rewards(scorer: Scorer, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float | None]:
    """One reward per response, None where the scorer abstained.

    Raises:
        DataError: If the scorer returns another number of them.
    """
    scores = list(scorer(prompts, texts))
    if len(scores) != len(texts):
        raise DataError(f"the scorer returned {len(scores)} rewards for {len(texts)} responses")
    return scores
