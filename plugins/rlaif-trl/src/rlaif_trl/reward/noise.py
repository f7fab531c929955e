"""Labels that are likely wrong: pairs that reward models contradict which never saw them.

The preferences are dealt into folds, prompt by prompt. For each fold a reward model is trained on
the others, and says how likely the fold's labels are. This is the preference strength of Secrets
of RLHF II (2401.06080, sec. 2.2), taken out of fold so that no model judges what it learned.
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
"""Beside the model: the contradicted pairs, the most contradicted first."""


@dataclass(frozen=True)
class Audited:
    """The preferences after the search for noise.

    Attributes:
        pairs: What is trained on.
        suspects: The contradicted pairs as they were, each with the probability in [0, 1] that
            the folds give its chosen response of being better; lowest first.
        agreement: Share of all pairs with which the folds agree, ties one half.
    """

    pairs: list[EncodedPair]
    suspects: list[tuple[LabelledPair, float]]
    agreement: float


def folds(prompt_ids: Sequence[str], count: int, seed: int) -> list[int]:
    """The fold of each pair; all pairs of a prompt are in one, and folds have like many prompts.

    Raises:
        DataError: If there are fewer prompts than folds.
    """
    prompts = sorted(set(prompt_ids))
    if len(prompts) < count:
        raise DataError(
            f"noise: {len(prompts)} prompts cannot be dealt into {count} folds: lower folds"
        )
    random.Random(seed).shuffle(prompts)
    dealt = {prompt: place % count for place, prompt in enumerate(prompts)}
    return [dealt[prompt] for prompt in prompt_ids]


def search(
    params: RewardTraining, phases: Phases, pairs: list[EncodedPair], seed: int
) -> tuple[list[EncodedPair], dict[str, float]] | None:
    """What is left to train on, and the counts of what was found, which goes beside the model.

    Without `noise` in the parameters, all pairs and no counts. None if the user stopped it.

    Raises:
        DataError: If there are too few prompts, or too little is left to train on.
    """
    noise = params.noise
    if noise is None:
        return pairs, {}
    believed = _out_of_fold(params, noise, phases, pairs, seed)
    if believed is None:
        return None
    found = audit(pairs, believed, noise)
    if PartialState().is_main_process:
        write_suspects(phases.job.output, found.suspects, noise)
    check_trainable([one.pair for one in found.pairs], params.min_preferences)
    return found.pairs, {
        "noise_flagged": len(found.suspects),
        "folds_agreement": found.agreement,
    }


def _out_of_fold(
    params: RewardTraining, noise: Noise, phases: Phases, pairs: Sequence[EncodedPair], seed: int
) -> list[float] | None:
    """Probability that each pair's chosen response is better, by a model of the other folds.

    None if the user stopped it.
    """
    fold_of = folds([one.pair.prompt_id for one in pairs], noise.folds, seed)
    for n in range(noise.folds):
        check_trainable(
            [one.pair for one, at in zip(pairs, fold_of, strict=True) if at != n],
            params.min_preferences,
        )
    checkpoint = phases.job.checkpoint
    key = digest(params.model_dump_json(), checkpoint, seed, *(one.pair for one in pairs))
    believed = [0.5] * len(pairs)
    for n in range(noise.folds):
        job = phases.next(f"fold-{n}")
        unseen = [i for i, at in enumerate(fold_of) if at == n]
        rest = [one for one, at in zip(pairs, fold_of, strict=True) if at != n]
        held = [pairs[i] for i in unseen]
        fold = partial(_margins, params, job, seed_of_part(seed, "fold", n), rest, held)
        margins = remembered(None if job.work is None else job.work / "margins.json", key, fold)
        if margins is None:
            return None
        for i, margin in zip(unseen, margins, strict=True):
            believed[i] = 0.5 * (1 + math.tanh(margin / 2))  # σ, without overflow
    return believed


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


def audit(pairs: Sequence[EncodedPair], believed: Sequence[float], noise: Noise) -> Audited:
    """What becomes of pairs by what the folds believe of them; see `Noise.action`.

    A smoothed label is (1 - s)·p_chosen + s·p_folds, soft bootstrapping (Reed et al. 1412.6596).

    Args:
        pairs: The preferences.
        believed: Probability in [0, 1] that each chosen response is better.
        noise: What counts as contradicted, and what is done about it.
    """
    kept: list[EncodedPair] = []
    suspects: list[tuple[LabelledPair, float]] = []
    agreed = 0.0
    for one, p in zip(pairs, believed, strict=True):
        agreed += 0.5 if p == 0.5 else float((p > 0.5) == (one.pair.p_chosen >= 0.5))
        if p >= noise.threshold:
            kept.append(one)
            continue
        suspects.append((one.pair, p))
        if noise.action == "flag":
            kept.append(one)
        elif noise.action == "smooth":
            label = (1 - noise.smoothing) * one.pair.p_chosen + noise.smoothing * p
            margin = max(0.0, 2 * label - 1)
            kept.append(replace(one, pair=replace(one.pair, p_chosen=label, margin=margin)))
    suspects.sort(key=lambda suspect: suspect[1])
    return Audited(kept, suspects, agreed / len(pairs))


def write_suspects(
    folder: Path, suspects: Iterable[tuple[LabelledPair, float]], noise: Noise
) -> None:
    """Write `noise.jsonl`: prompt_id, chosen, rejected, p_chosen, p_folds and action of each."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("w", encoding="utf-8") as lines:
        for pair, p in suspects:
            row = {
                "prompt_id": pair.prompt_id,
                "chosen": pair.chosen,
                "rejected": pair.rejected,
                "p_chosen": pair.p_chosen,
                "p_folds": p,
                "action": noise.action,
            }
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
