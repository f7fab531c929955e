"""Checkpoints of a running PPO: the state that the next step depends on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file

from rlaif_core.api import RunError
from rlaif_trl.ppo.actor_critic import ActorCritic

if TYPE_CHECKING:
    from accelerate import Accelerator

_WEIGHTS, _STATE = "trained.safetensors", "state.pt"


@dataclass
class Progress:
    """Progress of a training.

    Attributes:
        step: Steps done.
        kl_coef: β, which may be adapted.
        figures: Metrics of the last step.
    """

    step: int
    kl_coef: float
    figures: dict[str, float]


@dataclass(frozen=True)
class Checkpoints:
    """Keeps the newest checkpoint in a folder. Sampling needs no state: see `collect`.

    Attributes:
        folder: Folder of the checkpoints.
        networks: Networks with the trained weights.
        optimizer: Optimizer of those weights.
        scheduler: Scheduler of the learning rate.
        accelerator: Lets one process write, and all read.
    """

    folder: Path
    networks: ActorCritic
    optimizer: Any
    scheduler: Any
    accelerator: Accelerator

    def save(self, progress: Progress) -> None:
        """Write a checkpoint under a temporary name, rename it, and delete the older ones."""
        if self.accelerator.is_main_process:
            target = self.folder / f"checkpoint-{progress.step}"
            writing = self.folder / "writing"
            shutil.rmtree(writing, ignore_errors=True)
            writing.mkdir(parents=True)
            save_file(
                {
                    name: weight.detach().cpu().contiguous()
                    for name, weight in self._trained().items()
                },
                writing / _WEIGHTS,
            )
            state = {
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler.state_dict(),
                "progress": vars(progress),
            }
            torch.save(state, writing / _STATE)
            shutil.rmtree(target, ignore_errors=True)
            writing.rename(target)
            for older in self._saved():
                if older != target:
                    shutil.rmtree(older, ignore_errors=True)
        self.accelerator.wait_for_everyone()

    def resume(self) -> Progress | None:
        """Restore the newest checkpoint; None if there is none.

        Raises:
            RunError: If it holds other weights than those to be trained.
        """
        saved = self._saved()
        if not saved:
            return None
        weights = load_file(saved[-1] / _WEIGHTS)
        trained = self._trained()
        shapes = {name: weight.shape for name, weight in trained.items()}
        if {name: weight.shape for name, weight in weights.items()} != shapes:
            raise RunError(
                f"{saved[-1]} holds other weights than this training: delete it to start afresh"
            )
        with torch.no_grad():
            for name, weight in trained.items():
                weight.copy_(weights[name])
        # Tensors and plain values alone: weights_only unpickles nothing else.
        state = torch.load(saved[-1] / _STATE, map_location="cpu", weights_only=True)
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        return Progress(**state["progress"])

    def _trained(self) -> dict[str, torch.nn.Parameter]:
        parameters = self.networks.named_parameters()
        return {name: weight for name, weight in parameters if weight.requires_grad}

    def _saved(self) -> list[Path]:
        return sorted(
            self.folder.glob("checkpoint-*"), key=lambda folder: int(folder.name.rpartition("-")[2])
        )
