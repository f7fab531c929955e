"""Inputs of training components: paths to data on disk, a place to write, a way to report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rlaif_core.api.records import Prompt

Metrics = Mapping[str, float]
Progress = Callable[[int, int, Metrics], None]
"""Called as `progress(done, total, metrics)`, in optimizer steps.

`metrics` are those of this step, empty where none were taken. Of several trainings, one after the
other, `part` says which, from 1.
"""

Scorer = Callable[[Sequence[Prompt], Sequence[str]], Sequence["float | None"]]
"""Rewards of responses, blocking; None where the judge abstained: leave it out, never take 0.

Responses to one prompt within a call are a group: a pairwise judge compares them with each other,
and several objectives are each standardised within it before they are summed. So a group is
scored in one call.
"""


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
        objectives: The same rewards one by one, by name, as they are: for optimizers that train a
            policy for each. `scorer` adds them up.
        reward_model: The round's trained reward model, a sequence classifier; None if there is
            none.
        heldout_prompts: Prompts that are never trained on.
        watch: Rewards by a judge that training never learns from, for the guard against reward
            that rises while quality falls; None if the recipe names none.
        work: A folder for checkpoints that outlives an interruption: training goes on from the
            newest one in it, and the engine clears it once training is done. None keeps none.
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
    objectives: Mapping[str, Scorer] = field(default_factory=dict)
    reward_model: Path | None = None
    heldout_prompts: Sequence[Prompt] = ()
    watch: Scorer | None = None
    work: Path | None = None
