"""Best-of-n sampling: the best of several responses of a policy to each prompt."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch

from rlaif_core.api import Progress, Scorer, digest
from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.sampling import Draw, sample
from rlaif_trl.policy.optimizer import rewards
from rlaif_trl.policy.run import PolicyRun
from rlaif_trl.training.remembered import remembered

CHUNK = 64
"""Number of prompts whose responses are drawn and scored at once."""


@dataclass(frozen=True)
class Best:
    """The best response to one prompt.

    Attributes:
        prompt: Index of the prompt in the job.
        text: The response with the highest reward; empty if none was scored.
        reward: Its reward; None if none was scored.
        mean: Mean reward of the prompt's scored responses.
        left_out: Number of responses without a score.
    """

    prompt: int
    text: str
    reward: float | None
    mean: float | None
    left_out: int


def best_responses(
    run: PolicyRun, scorer: Scorer, count: int, draw: Draw, progress: Progress
) -> list[Best]:
    """Draw `count` responses to every prompt of the job, score them, and keep the best of each.

    The draw depends on the seed and the index of the prompt alone. Chunks finished before an
    interruption are read from the job's work folder, if it has one.

    Args:
        run: The policy and its job.
        scorer: Rewards; a prompt's responses are scored in one call.
        count: Responses per prompt.
        draw: Sampling settings.
        progress: Called after every chunk of prompts, with the mean rewards so far.

    Raises:
        DataError: If a prompt is too long.
    """
    from accelerate import PartialState
    from accelerate.utils import gather_object

    state = PartialState()
    job = run.job
    tokens = run.prompt_tokens(job.prompts)
    key = digest(run.params.model_dump_json(), job.checkpoint, job.seed, *job.prompts)
    chunks = range(state.process_index, -(-len(tokens) // CHUNK), state.num_processes)
    bests: list[Best] = []
    for done, chunk in enumerate(chunks, 1):
        if job.cancelled():
            break
        file = None if job.work is None else job.work / "best" / f"{chunk}.json"
        indices = range(chunk * CHUNK, min((chunk + 1) * CHUNK, len(tokens)))
        make = partial(_best, run, scorer, count, draw, indices, [tokens[i] for i in indices])
        bests += [Best(**record) for record in remembered(file, key, make) or ()]
        if state.is_main_process:
            progress(done, len(chunks), mean_rewards(bests))
    whole: list[Best] = bests if state.num_processes == 1 else gather_object(bests)
    return sorted(whole, key=lambda best: best.prompt)


def _best(
    run: PolicyRun,
    scorer: Scorer,
    count: int,
    draw: Draw,
    indices: range,
    tokens: Sequence[Tokens],
) -> list[dict[str, Any]]:
    seed = run.params.seed_of(run.job)
    with torch.random.fork_rng():
        torch.manual_seed(seed + indices.start)
        drawn = sample(run.policy, run.tokenizer, [t for t in tokens for _ in range(count)], draw)
    texts = run.tokenizer.batch_decode(drawn, skip_special_tokens=True)
    prompts = [run.job.prompts[i] for i in indices for _ in range(count)]
    scored = rewards(scorer, prompts, texts)
    groups = [slice(start, start + count) for start in range(0, len(texts), count)]
    return [
        asdict(best(i, texts[group], scored[group], random.Random(f"{seed}/{i}")))
        for i, group in zip(indices, groups, strict=True)
    ]


def best(
    prompt: int, texts: Sequence[str], scores: Sequence[float | None], rng: random.Random
) -> Best:
    """The best of one prompt's responses; equals are drawn from at random."""
    known = [(score, text) for score, text in zip(scores, texts, strict=True) if score is not None]
    left_out = len(texts) - len(known)
    if not known:
        return Best(prompt, "", None, None, left_out)
    highest = max(score for score, _ in known)
    text = rng.choice([text for score, text in known if score == highest])
    mean = sum(score for score, _ in known) / len(known)
    return Best(prompt, text, highest, mean, left_out)


def mean_rewards(bests: Sequence[Best]) -> dict[str, float]:
    """The mean over prompts of all rewards, "reward", and of the best ones, "best_reward"."""
    scored = [(best.mean, best.reward) for best in bests if best.mean is not None]
    if not scored:
        return {}
    return {
        "reward": sum(mean for mean, _ in scored) / len(scored),
        "best_reward": sum(reward or 0.0 for _, reward in scored) / len(scored),
    }
