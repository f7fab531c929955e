"""What training components are given: paths to data on disk, a place to write, a way to report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlaif_core.api.records import Prompt

Metrics = Mapping[str, float]
Progress = Callable[[int, int, Metrics], None]
"""Called as `progress(done, total, metrics)`, in optimizer steps."""

Scorer = Callable[[Sequence[Prompt], Sequence[str]], Sequence["float | None"]]
"""Rewards of responses, blocking; None where the judge abstained: leave it out, never take 0."""


@dataclass(frozen=True)
class TrainingJob:
    """One training run, of a reward model or a policy.

    Attributes:
        checkpoint: Folder or hub name that training starts from.
        reference: The checkpoint that divergence is measured from.
        preferences: Folder of parquet files with columns prompt, chosen, rejected (messages),
            p_chosen, margin, agreement, votes, prompt_id.
        heldout: Prompt ids whose preferences are not trained on but measured.
        prompts: The round's training prompts.
        output: Folder to write the result to; the engine renames it into place when done.
        seed: Seeds everything random.
        progress: To be called after each step.
        cancelled: True once the user has asked to stop; return early then.
        scorer: Rewards for optimizers that learn online; None if the recipe names none.
    """

    checkpoint: str
    reference: str
    preferences: Path
    heldout: frozenset[str]
    prompts: Sequence[Prompt]
    output: Path
    seed: int = 0
    progress: Progress = lambda done, total, metrics: None
    cancelled: Callable[[], bool] = lambda: False
    scorer: Scorer | None = None
