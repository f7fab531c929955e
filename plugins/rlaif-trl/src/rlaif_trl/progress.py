"""What a running trainer tells the job: every step's progress, and a stop when asked or lost."""

from __future__ import annotations

import math
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rlaif_core.api import RunError, TrainingJob


class JobCallback(TrainerCallback):
    """Reports to a `TrainingJob`.

    Args:
        job: Whose `progress` is called after each step and whose `cancelled` is asked.
    """

    def __init__(self, job: TrainingJob) -> None:
        self._job = job
        self._latest: dict[str, float] = {}

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        """Report the step; see to it that the last one is logged; stop if the user asked to."""
        self._job.progress(state.global_step, state.max_steps, dict(self._latest))
        control.should_log = control.should_log or state.global_step >= state.max_steps
        control.should_training_stop = control.should_training_stop or self._job.cancelled()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep a step's figures; a loss that is no number ends the training.

        Raises:
            RunError: If the loss or its gradient is not finite.
        """
        logs = logs or {}
        if "loss" not in logs:  # the summary at the end, or an evaluation
            return
        for name in ("loss", "grad_norm"):
            if not math.isfinite(logs.get(name, 0.0)):
                raise RunError(
                    f"training diverged at step {state.global_step}: {name} is {logs[name]}; "
                    f"lower learning_rate (now {args.learning_rate:g})"
                )
        self._latest = {name: float(value) for name, value in logs.items()}
