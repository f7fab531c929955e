"""Trainer arguments made of a recipe's parameters and this project's fixed settings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from rlaif_core.api import RunError, TrainingJob
from rlaif_trl.training.params import Training
from rlaif_trl.training.progress import JobCallback
from rlaif_trl.training.reporting import EVENTS, check_reporters, keep_events, place_events
from rlaif_trl.training.units import NamedUnits

Arguments = TypeVar("Arguments", bound=TrainingArguments)

CHECKPOINTS = "checkpoints"
"""Subfolder for checkpoints: in the job's work folder, or in its output if it has none."""

_PASSED_ON = (
    "learning_rate",
    "num_train_epochs",
    "max_steps",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "lr_scheduler_type",
    "optim",
    "weight_decay",
    "max_grad_norm",
    "gradient_checkpointing",
    "logging_steps",
)


def arguments(kind: type[Arguments], params: Training, job: TrainingJob, **rest: Any) -> Arguments:
    """Arguments of a trainer: offline, silent, one device per process.

    Args:
        kind: The trainer's configuration class.
        params: The recipe's parameters.
        job: Gives the seed and the output folder.
        rest: Arguments of this trainer alone.

    Raises:
        PluginError: If `report_to` names a package that is not installed.
    """
    check_reporters(params)
    gpu = torch.cuda.is_available()
    bf16 = gpu and torch.cuda.is_bf16_supported() if params.bf16 is None else params.bf16
    if "max_length" in {field.name for field in fields(kind)}:
        rest["max_length"] = None  # lengths are checked before: no long row is dropped
    made = kind(
        output_dir=str(checkpoints(job)),
        warmup_steps=params.warmup_steps or params.warmup_ratio,
        seed=params.seed_of(job),
        use_cpu=not gpu,
        bf16=bf16,
        per_device_eval_batch_size=2 * params.per_device_train_batch_size,
        save_strategy="no" if params.save_steps is None else "steps",
        save_steps=params.save_steps or 500,
        save_total_limit=1,
        logging_first_step=True,
        logging_nan_inf_filter=False,  # it would hide a loss that is not finite
        report_to=params.report_to or "none",
        disable_tqdm=True,
        remove_unused_columns=False,  # the collators know their columns
        dataloader_pin_memory=gpu,
        **{name: getattr(params, name) for name in _PASSED_ON},
        **rest,
    )
    made._n_gpu = min(made.n_gpu, 1)  # without a launcher, one device rather than DataParallel
    return made


@dataclass(frozen=True)
class Trained:
    """The result of a training run.

    Attributes:
        model: The model, out of its wrappers for mixed precision.
        figures: The last logged metrics, means over the steps since the log before.
        steps: Optimizer steps done.
    """

    model: Any
    figures: dict[str, float]
    steps: int


def checkpoints(job: TrainingJob) -> Path:
    """Folder of a job's checkpoints."""
    return (job.work or job.output) / CHECKPOINTS


def run(
    trainer: Trainer,
    job: TrainingJob,
    callbacks: Sequence[TrainerCallback] = (),
    whole_steps: int = 1,
) -> Trained:
    """Train, from the job's newest checkpoint if there is one.

    Args:
        trainer: A trainer of TRL, or one with the same callbacks.
        job: The training job.
        callbacks: Further callbacks.
        whole_steps: See `JobCallback`.

    Raises:
        RunError: If the policy's probabilities are no longer finite.
    """
    trainer.remove_callback(PrinterCallback)  # which prints every log
    for callback in (*callbacks, JobCallback(job, trainer.accelerator, whole_steps)):
        trainer.add_callback(callback)
    place_events(trainer, job)
    folder = checkpoints(job)
    try:
        trainer.train(resume_from_checkpoint=any(folder.glob("checkpoint-*")))
    except RuntimeError as error:
        if "probability tensor" not in str(error):  # torch.multinomial's only complaint
            raise
        raise RunError(
            f"training diverged at step {trainer.state.global_step}: the policy's probabilities "
            f"are not finite; lower learning_rate (now {trainer.args.learning_rate:g})"
        ) from error
    with suppress(OSError):  # not empty, or removed by another process
        folder.rmdir()  # trainers make it even if they never save
    if job.work is not None and trainer.accelerator.is_main_process:
        keep_events(job.work, job.output / EVENTS)
    return Trained(
        model=trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False),
        figures=next(log for log in reversed(trainer.state.log_history) if "loss" in log),
        steps=trainer.state.global_step,
    )


class OfflineTrainer(NamedUnits):
    """A trainer without network access: no telemetry, and no card with links to a hub."""

    def _send_telemetry(self) -> None:
        """Send nothing."""

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write nothing: TRL's card links a local base model to a page that does not exist."""
