"""Training of an ensemble: its members in sequence, then their aggregation."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rlaif_core.api import DataError, TrainingJob, digest
from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.checkpoint import load_classifier
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward import heldout
from rlaif_trl.reward.aggregation import aggregate
from rlaif_trl.reward.ensemble_file import EnsembleFile
from rlaif_trl.reward.head import Head, reference_set
from rlaif_trl.reward.params import EnsembleParams
from rlaif_trl.reward.prepared import prepare
from rlaif_trl.reward.rows import EncodedPair
from rlaif_trl.training.phases import Phases, seed_of_part
from rlaif_trl.training.remembered import remembered
from rlaif_trl.training.reporting import EVENTS, keep_events

Member = dict[str, Any]
"""A trained member: "metrics"; "deviation", that of its raw rewards; and its standard rewards of
the "reference" set, and of the "chosen" and "rejected" responses that are held out."""

MODEL = "model"
"""Subfolder for a member's model, in the member's folder."""


def train(
    params: EnsembleParams, job: TrainingJob, pairs: list[LabelledPair], held: list[LabelledPair]
) -> dict[str, float]:
    """Train and save; see `rlaif_trl.reward.ensemble.Ensemble.run`."""
    ready = prepare(params, job, pairs, held, trainings=params.members)
    metrics, training, unseen = ready.metrics, ready.training, ready.unseen
    if ready.stopped:
        return metrics
    reference = reference_set(training, params.reference_size, params.seed_of(job))
    trained = _members(params, ready.phases, training, unseen, reference)
    first = ready.head
    if trained is None or not first.first:
        return metrics
    members, folders = trained
    if params.aggregation == "weights":
        _average(first, folders)
        made = [_measured(first, unseen, reference)]
        first.save()
        names = ["."]
    else:
        made, names = members, _gather(folders, job.output)
    for name in (f"member-{number}" for number in range(params.members)):
        keep_events((job.work or job.output) / name, job.output / EVENTS / name)
        shutil.rmtree(job.output / name, ignore_errors=True)
    scale = _standardised(made, names, params)
    scale.write(job.output)
    metrics |= _means(members) | {
        "preferences": len(training),
        "members": params.members,
        "mean": scale.mean,
        "deviation": scale.deviation,
    }
    if held:
        odds = _raw_deviation(members)
        if params.aggregation == "weights":  # of members that were standard already
            odds *= _raw_deviation(made)
        metrics |= heldout.measure(_margins(made, params), held, odds)
        each = [heldout.measure(_margins([member], params), held, 1.0) for member in members]
        metrics["member_accuracy"] = float(np.mean([metric["accuracy"] for metric in each]))
    return metrics


def _members(
    params: EnsembleParams,
    phases: Phases,
    training: Sequence[EncodedPair],
    unseen: Sequence[EncodedPair],
    reference: Sequence[Tokens],
) -> tuple[list[Member], list[Path]] | None:
    """All members and the folders of their models; None if the user stopped it."""
    whole = phases.job
    key = digest(
        params.model_dump_json(), whole.checkpoint, whole.seed, *(row.pair for row in training)
    )
    members: list[Member] = []
    folders: list[Path] = []
    for number in range(params.members):
        job = phases.next(f"member-{number}")
        folder = (job.work or job.output) / MODEL
        make = partial(_member, params, job, folder, number, training, unseen, reference)
        member = remembered(None if job.work is None else job.work / "member.json", key, make)
        if member is None:
            return None
        members.append(member)
        folders.append(folder)
    return members, folders


def _member(
    params: EnsembleParams,
    job: TrainingJob,
    folder: Path,
    number: int,
    training: Sequence[EncodedPair],
    unseen: Sequence[EncodedPair],
    reference: Sequence[Tokens],
) -> Member | None:
    """Train one member and save it to `folder`; None if the user stopped it.

    Members whose weights are averaged start from the same head: averages of different random heads
    mean nothing.
    """
    seed = params.seed_of(job)
    own = seed_of_part(seed, "member", number)
    head = Head(params, job, own, seed if params.aggregation == "weights" else own)
    metrics = head.train(training)
    if head.stopped:
        return None
    member = _measured(head, unseen, reference)
    head.job = replace(job, output=folder)
    head.save()
    return member | {"metrics": metrics}


def _measured(head: Head, unseen: Sequence[EncodedPair], reference: Sequence[Tokens]) -> Member:
    """Standardise a head, and compute its rewards."""
    scale = head.standardise(reference)
    chosen, rejected = head.rewards(unseen)
    return {
        "deviation": scale.deviation,
        "reference": head.scorer.rewards(reference),
        "chosen": chosen,
        "rejected": rejected,
    }


def _average(head: Head, folders: Sequence[Path]) -> None:
    """Give a head the mean of the members' weights (WARM, 2401.12187)."""
    total: dict[str, torch.Tensor] = {}
    for folder in folders:
        weights = load_classifier(str(folder), head.params.dtype).state_dict()
        for name, weight in weights.items():
            total[name] = total.get(name, 0) + weight.float() / len(folders)
    head.model.load_state_dict(total)


def _gather(folders: Sequence[Path], output: Path) -> list[str]:
    """Copy members to their places in the ensemble's folder: the first into the folder itself."""
    names = [".", *(f"members/{number}" for number in range(2, len(folders) + 1))]
    for folder, name in zip(folders, names, strict=True):
        shutil.copytree(folder, output / name, dirs_exist_ok=True)
    return names


def _margins(members: Sequence[Member], params: EnsembleParams) -> list[float]:
    sides = [
        aggregate([member[side] for member in members], params.aggregation, params.variance_penalty)
        for side in ("chosen", "rejected")
    ]
    return [float(margin) for margin in sides[0] - sides[1]]


def _standardised(
    made: Sequence[Member], names: Sequence[str], params: EnsembleParams
) -> EnsembleFile:
    """Standardisation of the aggregate over the reference set.

    Raises:
        DataError: If it is the same for every response.
    """
    table = np.array([member["reference"] for member in made])
    together = aggregate(table, params.aggregation, params.variance_penalty)
    mean, deviation = float(together.mean()), float(together.std())
    if not deviation > 0:
        raise DataError(
            "the ensemble gives every response the same reward: its members contradict each "
            "other; train them longer, or on clearer preferences"
        )
    penalty = params.variance_penalty
    return EnsembleFile(tuple(names), params.aggregation, penalty, mean, deviation)


def _means(members: Sequence[Member]) -> dict[str, float]:
    """Means of the members' metrics, and the disagreement of their rewards."""
    shared = ("loss", "training_accuracy", "steps", "rankings", "inconsistent")
    means = {
        name: float(np.mean([member["metrics"][name] for member in members]))
        for name in shared
        if name in members[0]["metrics"]
    }
    apart = np.array([member["reference"] for member in members]).std(axis=0)
    return means | {"disagreement": float(apart.mean())}


def _raw_deviation(members: Sequence[Member]) -> float:
    """Mean deviation of the raw rewards, the factor that makes standard ones log-odds."""
    return float(np.mean([member["deviation"] for member in members]))
