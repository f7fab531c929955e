"""Progress of a running trainer, and its stop on request or divergence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rlaif_core.api import RunError, TrainingJob

if TYPE_CHECKING:
    from accelerate import Accelerator


class JobCallback(TrainerCallback):
    """Reports to a `TrainingJob`.

    Args:
        job: Its `progress` and `cancelled` are called after each step.
        accelerator: Lets several processes stop at the same step; None with one process.
        whole_steps: Training stops only after a multiple of this number, or after the last step.
    """

    def __init__(
        self, job: TrainingJob, accelerator: Accelerator | None = None, whole_steps: int = 1
    ) -> None:
        self._job = job
        self._accelerator = accelerator
        self._whole_steps = whole_steps
        self._figures: dict[str, float] = {}
        self._due = False

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        """Report the step, now or once it is logged; the last one is always logged."""
        control.should_log = control.should_log or state.global_step >= state.max_steps
        self._due = True
        if "loss" in self._figures or not control.should_log:
            self._report(state, control)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Report a step that waits for its metrics; a loss that is not finite ends the training.

        Raises:
            RunError: If the loss or its gradient is not finite.
        """
        logs = logs or {}
        if "loss" not in logs:  # the guard's metrics; or the summary at the end, or an evaluation
            self._figures |= numbers({k: v for k, v in logs.items() if k.startswith("watch/")})
            return
        for name in ("loss", "grad_norm"):
            if not math.isfinite(logs.get(name, 0.0)):
                raise RunError(
                    f"training diverged at step {state.global_step}: {name} is {logs[name]}; "
                    f"lower learning_rate (now {args.learning_rate:g})"
                )
        self._figures |= numbers(logs)
        if self._due:
            self._report(state, control)

    def _report(self, state: TrainerState, control: TrainerControl) -> None:
        """Report a step to the job, with metrics if it was logged, and stop if the user asked to.

        A stopped run keeps a checkpoint if the job has a folder for it, whatever `save_steps` is,
        so that nothing is lost.
        """
        figures, self._figures, self._due = self._figures, {}, False
        if state.is_world_process_zero:
            self._job.progress(state.global_step, state.max_steps, figures)
        whole = state.global_step >= state.max_steps or state.global_step % self._whole_steps == 0
        if agreed(self._job.cancelled(), self._accelerator) and whole:
            control.should_training_stop = True
            control.should_save = control.should_save or self._job.work is not None


def numbers(logs: dict[str, Any]) -> dict[str, float]:
    """The finite metrics of a log: a mean over no rewards is not one."""
    known = {name: float(value) for name, value in logs.items() if value is not None}
    return {name: value for name, value in known.items() if math.isfinite(value)}


def agreed(flag: bool, accelerator: Accelerator | None) -> bool:
    """True if any process raises the flag; every process must call this at the same step."""
    if accelerator is None or accelerator.num_processes == 1:
        return flag
    mine = torch.tensor([float(flag)], device=accelerator.device)
    return bool(accelerator.gather(mine).any())
