"""Preparation of preferences for a score head: encoding, and detection of noise."""

from __future__ import annotations

from dataclasses import dataclass

from rlaif_core.api import TrainingJob
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward import noise
from rlaif_trl.reward.head import Head
from rlaif_trl.reward.params import RewardTraining
from rlaif_trl.reward.rows import EncodedPair
from rlaif_trl.training.phases import Phases


@dataclass(frozen=True)
class Prepared:
    """Inputs of the training of a reward model.

    Attributes:
        head: An untrained head.
        phases: The remaining trainings.
        training: Pairs to train on.
        unseen: Pairs to evaluate on.
        metrics: "truncated" and "heldout"; with `noise` also its counts.
        stopped: Whether the user stopped the search.
    """

    head: Head
    phases: Phases
    training: list[EncodedPair]
    unseen: list[EncodedPair]
    metrics: dict[str, float]
    stopped: bool = False


def prepare(
    params: RewardTraining,
    job: TrainingJob,
    pairs: list[LabelledPair],
    held: list[LabelledPair],
    trainings: int,
) -> Prepared:
    """Encode preferences and, with `noise`, search them.

    Args:
        params: The recipe's parameters.
        job: The training job.
        pairs: Preferences to train on.
        held: Preferences to evaluate on.
        trainings: Number of trainings after the search.

    Raises:
        DataError: If one is too long, or the search leaves too little.
        PluginError: If the checkpoint cannot be used.
    """
    seed = params.seed_of(job)
    folds = 0 if params.noise is None else params.noise.folds
    phases = Phases(job, trainings + folds)
    head = Head(params, job, seed)
    training, unseen = head.encode(pairs), head.encode(held)
    metrics: dict[str, float] = {"truncated": head.encoder.truncated, "heldout": len(held)}
    found = noise.search(params, phases, training, seed)
    if found is None:
        return Prepared(head, phases, training, unseen, metrics, stopped=True)
    if params.noise is not None:
        head = Head(params, job, seed)  # after the folds, the seed gives the first head again
    return Prepared(head, phases, found[0], unseen, metrics | found[1])
