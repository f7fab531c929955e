"""Reporting of training metrics to tensorboard, trackio and wandb."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlaif_core.api import PluginError, TrainingJob
from rlaif_trl.training.params import Training

if TYPE_CHECKING:
    from transformers import Trainer

EVENTS = "tensorboard"
"""Folder of tensorboard's event files: in the job's output, and in its work folder until the
training is done, so that an interruption loses none."""


def check_reporters(params: Training) -> None:
    """Check that the packages in `report_to` are installed.

    Raises:
        PluginError: If one is not.
    """
    if not params.report_to:
        return
    from transformers.integrations import integration_utils

    integrations: Any = integration_utils  # its functions have no types
    for name in params.report_to:
        if name not in integrations.get_available_reporting_integrations():
            raise PluginError(f"report_to: {name} is not installed: pip install {name}")


def place_events(trainer: Trainer, job: TrainingJob) -> None:
    """Let tensorboard write to `EVENTS`, not among the checkpoints, which are removed.

    TENSORBOARD_LOGGING_DIR in the environment overrides it.
    """
    from transformers.integrations.integration_utils import TensorBoardCallback

    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, TensorBoardCallback) and callback.logging_dir is None:
            callback.logging_dir = str((job.work or job.output) / EVENTS)


def keep_events(source: Path, target: Path) -> None:
    """Copy the event files of a folder, if it has any, to their final place."""
    if (source / EVENTS).is_dir():
        shutil.copytree(source / EVENTS, target, dirs_exist_ok=True)
