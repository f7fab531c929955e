"""Detection of label noise: pairs contradicted by reward models that were not trained on them.

The preferences are split into folds, prompt by prompt. For each fold a reward model is trained on
the others, and gives the probability of the fold's labels. This is the preference strength of
Secrets of RLHF II (2401.06080, sec. 2.2), out of fold so that no model judges its training data.
"""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from rlaif_core.api import DataError, TrainingJob, digest
from rlaif_trl.preferences.pairs import LabelledPair, check_trainable
from rlaif_trl.reward.head import Head
from rlaif_trl.reward.params import Noise, RewardTraining
from rlaif_trl.reward.rows import EncodedPair
from rlaif_trl.training.phases import Phases, seed_of_part
from rlaif_trl.training.remembered import remembered

FILE = "noise.jsonl"
"""File beside the model: the contradicted pairs, the most contradicted first."""


@dataclass(frozen=True)
class Audited:
    """The preferences after the search for noise.

    Attributes:
        pairs: Pairs to train on.
        suspects: The contradicted pairs unchanged, each with the folds' probability in [0, 1] that
            its chosen response is better; lowest first.
        agreement: Share of all pairs with which the folds agree, ties one half.
    """

    pairs: list[EncodedPair]
    suspects: list[tuple[LabelledPair, float]]
    agreement: float


def folds(prompt_ids: Sequence[str], count: int, seed: int) -> list[int]:
    """The fold of each pair; all pairs of a prompt share one, and folds are of equal size.

    Raises:
        DataError: If there are fewer prompts than folds.
    """
    prompts = sorted(set(prompt_ids))
    if len(prompts) < count:
        raise DataError(
            f"noise: {len(prompts)} prompts cannot be split into {count} folds: lower folds"
        )
    random.Random(seed).shuffle(prompts)
    fold_of = {prompt: place % count for place, prompt in enumerate(prompts)}
    return [fold_of[prompt] for prompt in prompt_ids]


def search(
    params: RewardTraining, phases: Phases, pairs: list[EncodedPair], seed: int
) -> tuple[list[EncodedPair], dict[str, float]] | None:
    """The pairs to train on, and counts of the suspects, which are written beside the model.

    Without `noise` in the parameters, all pairs and no counts. None if the user stopped it.

    Raises:
        DataError: If there are too few prompts, or too little is left to train on.
    """
    noise = params.noise
    if noise is None:
        return pairs, {}
    probabilities = _out_of_fold(params, noise, phases, pairs, seed)
    if probabilities is None:
        return None
    audited = audit(pairs, probabilities, noise)
    if PartialState().is_main_process:
        write_suspects(phases.job.output, audited.suspects, noise)
    check_trainable([row.pair for row in audited.pairs], params.min_preferences)
    return audited.pairs, {
        "noise_flagged": len(audited.suspects),
        "folds_agreement": audited.agreement,
    }


def _out_of_fold(
    params: RewardTraining, noise: Noise, phases: Phases, pairs: Sequence[EncodedPair], seed: int
) -> list[float] | None:
    """Probability that each pair's chosen response is better, by a model of the other folds.

    None if the user stopped it.
    """
    fold_of = folds([row.pair.prompt_id for row in pairs], noise.folds, seed)
    for n in range(noise.folds):
        check_trainable(
            [row.pair for row, fold in zip(pairs, fold_of, strict=True) if fold != n],
            params.min_preferences,
        )
    checkpoint = phases.job.checkpoint
    key = digest(params.model_dump_json(), checkpoint, seed, *(row.pair for row in pairs))
    probabilities = [0.5] * len(pairs)
    for n in range(noise.folds):
        job = phases.next(f"fold-{n}")
        unseen = [i for i, fold in enumerate(fold_of) if fold == n]
        rest = [row for row, fold in zip(pairs, fold_of, strict=True) if fold != n]
        held = [pairs[i] for i in unseen]
        make = partial(_margins, params, job, seed_of_part(seed, "fold", n), rest, held)
        margins = remembered(None if job.work is None else job.work / "margins.json", key, make)
        if margins is None:
            return None
        for i, margin in zip(unseen, margins, strict=True):
            probabilities[i] = 0.5 * (1 + math.tanh(margin / 2))  # σ, without overflow
    return probabilities


def _margins(
    params: RewardTraining,
    job: TrainingJob,
    seed: int,
    rest: Sequence[EncodedPair],
    held: Sequence[EncodedPair],
) -> list[float] | None:
    head = Head(params, job, seed)
    head.train(rest)
    if head.first:
        shutil.rmtree(job.output, ignore_errors=True)
    if head.stopped:
        return None
    margins = [head.margins(held)]
    broadcast_object_list(margins)  # one rounding for all processes, which drop the same pairs
    return margins[0]


def audit(pairs: Sequence[EncodedPair], probabilities: Sequence[float], noise: Noise) -> Audited:
    """Flag, smooth or drop the pairs that the folds contradict; see `Noise.action`.

    A smoothed label is (1 - s)·p_chosen + s·p_folds, soft bootstrapping (Reed et al. 1412.6596).

    Args:
        pairs: The preferences.
        probabilities: Probability in [0, 1] that each chosen response is better.
        noise: Threshold and action.
    """
    kept: list[EncodedPair] = []
    suspects: list[tuple[LabelledPair, float]] = []
    agreed = 0.0
    for row, p in zip(pairs, probabilities, strict=True):
        agreed += 0.5 if p == 0.5 else float((p > 0.5) == (row.pair.p_chosen >= 0.5))
        if p >= noise.threshold:
            kept.append(row)
            continue
        suspects.append((row.pair, p))
        if noise.action == "flag":
            kept.append(row)
        elif noise.action == "smooth":
            label = (1 - noise.smoothing) * row.pair.p_chosen + noise.smoothing * p
            margin = max(0.0, 2 * label - 1)
            kept.append(replace(row, pair=replace(row.pair, p_chosen=label, margin=margin)))
    suspects.sort(key=lambda suspect: suspect[1])
    return Audited(kept, suspects, agreed / len(pairs))


def write_suspects(
    folder: Path, suspects: Iterable[tuple[LabelledPair, float]], noise: Noise
) -> None:
    """Write `noise.jsonl`: prompt_id, chosen, rejected, p_chosen, p_folds and action of each."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("w", encoding="utf-8") as lines:
        for pair, p in suspects:
            record = {
                "prompt_id": pair.prompt_id,
                "chosen": pair.chosen,
                "rejected": pair.rejected,
                "p_chosen": pair.p_chosen,
                "p_folds": p,
                "action": noise.action,
            }
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
