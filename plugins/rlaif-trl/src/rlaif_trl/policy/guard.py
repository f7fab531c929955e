"""Stops a training that has gone wrong, and goes back to the last policy that had not.

Two ways to go wrong: the policy leaves its reference by more nats than `max_kl`; or a judge that
training never learns from likes its answers to held-out prompts less and less while the reward that
training does learn from goes up (Gao et al., 2210.10760). A loss that is no number is seen to by
`rlaif_trl.training.progress`.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rlaif_core.api import RunError
from rlaif_trl.policy.watch import Look, Watch
from rlaif_trl.training.json_file import write_json
from rlaif_trl.training.params import PolicyTraining
from rlaif_trl.training.progress import agreed

FOLDER = "guard"
"""Beside the checkpoints: what was seen, and the weights that are kept."""

_GAINS = ("reward", "rewards/margins", "rewards/chosen")
"""What trainers call the reward they learn from, the first that a log has."""


class Guard(TrainerCallback):
    """Looks every `watch_steps` steps.

    Args:
        watch: Where to look.
        params: When to stop.
        trainer: Whose policy it is.
        folder: Where to keep what was seen.
    """

    def __init__(
        self, watch: Watch, params: PolicyTraining, trainer: Trainer, folder: Path
    ) -> None:
        self._watch = watch
        self._params = params
        self._trainer = trainer
        self._folder = folder
        self._looks: list[Look] = []
        self._kept: Look | None = None
        self._reward: float | None = None
        self._reason = ""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Look at the policy that training starts from, or recall what was seen before.

        Raises:
            RunError: If it starts over its budget of divergence: there is nothing to go back to.
        """
        if state.global_step == 0:
            self._look(args, state, control)
            if self._reason:
                raise RunError(
                    "the policy starts farther from its reference than max_kl "
                    f"{self._params.max_kl:g}: raise max_kl, or start from the reference"
                )
        elif (self._folder / "looks.json").is_file():
            for seen in json.loads((self._folder / "looks.json").read_text()):
                look = Look(**{**seen, "scores": tuple(seen["scores"])})
                if look.step <= state.global_step:
                    self._reason = self._note(look)
            # Interrupted after it had stopped: one step more, and back to what was kept.
            control.should_training_stop = bool(self._reason)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Look, where it is time to."""
        last = state.global_step >= state.max_steps
        if last or state.global_step % self._params.watch_steps == 0:
            self._look(args, state, control)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep what training says it gained."""
        said = [(logs or {}).get(name) for name in _GAINS]
        self._reward = next((one for one in said if one is not None), self._reward)

    def finish(self, model: Any, *, interrupted: bool = False) -> dict[str, float]:
        """Where it stopped the training, put the weights back that were kept.

        Args:
            model: The trained model, out of its wrappers.
            interrupted: Whether training is to go on another time, and needs what was seen.

        Returns:
            "guard_kl" or "guard_watch" with "kept_step" if it stopped it; the last look's
            "watch_kl" and "watch_reward", if they were measured.
        """
        from safetensors.torch import load_file

        last = self._looks[-1] if self._looks else Look(0)
        figures = {"watch_kl": last.kl, "watch_reward": last.mean}
        if self._reason and self._kept is not None:
            model.load_state_dict(load_file(self._folder / "kept.safetensors"), strict=False)
            figures |= {self._reason: 1.0, "kept_step": self._kept.step}
        self._trainer.accelerator.wait_for_everyone()
        if self._trainer.accelerator.is_main_process and not interrupted:
            shutil.rmtree(self._folder, ignore_errors=True)
        return {name: float(value) for name, value in figures.items() if value is not None}

    def _look(self, args: TrainingArguments, state: TrainerState, control: TrainerControl) -> None:
        """Look, in one process of several, and let all of them stop together."""
        accelerator = self._trainer.accelerator
        reason = ""
        if accelerator.is_main_process:
            policy = accelerator.unwrap_model(self._trainer.model)
            look = self._watch.look(policy, state.global_step, self._reward)
            reason = self._note(look)
            if look is self._kept:
                self._keep(policy)
            self._tell(look, args, state, control)
        for one in ("guard_kl", "guard_watch"):
            if agreed(reason == one, accelerator):
                self._reason = one
                control.should_training_stop = True

    def _note(self, look: Look) -> str:
        """Remember a look; the reason to stop, or nothing."""
        self._looks.append(look)
        if look.kl is not None and self._params.max_kl and look.kl > self._params.max_kl:
            return "guard_kl"
        kept = self._kept
        if kept is None or not look.scores or (look.mean or 0.0) >= (kept.mean or 0.0):
            self._kept = look
            return ""
        newest = self._looks[-self._params.watch_patience :]
        lasting = len(newest) == self._params.watch_patience
        return "guard_watch" if lasting and all(one.worse_than(kept) for one in newest) else ""

    def _keep(self, policy: Any) -> None:
        from safetensors.torch import save_file

        self._folder.mkdir(parents=True, exist_ok=True)
        weights = {
            name: weight.detach().cpu().contiguous()
            for name, weight in policy.named_parameters()
            if weight.requires_grad
        }
        written = self._folder / "writing.safetensors"
        save_file(weights, written)
        written.replace(self._folder / "kept.safetensors")

    def _tell(
        self, look: Look, args: TrainingArguments, state: TrainerState, control: TrainerControl
    ) -> None:
        """To the ledger and whoever else is told of logs, past TRL's own averages."""
        write_json(self._folder / "looks.json", [asdict(one) for one in self._looks])
        figures = {"watch/kl": look.kl, "watch/reward": look.mean}
        logs = {name: value for name, value in figures.items() if value is not None}
        due = control.should_log  # telling clears it
        self._trainer.callback_handler.on_log(args, state, control, logs)
        control.should_log = due
