"""Early stopping of a training that has gone wrong, with return to its last good policy.

It stops when the policy diverges from its reference by more nats than `max_kl`, and when the scores
of held-out responses by a judge that training never learns from keep falling while the reward of
training rises (over-optimisation; Gao et al., 2210.10760). A loss that is not finite is handled by
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
from rlaif_trl.policy.watch import Evaluation, Watch
from rlaif_trl.training.json_file import write_json
from rlaif_trl.training.params import PolicyTraining
from rlaif_trl.training.progress import agreed

FOLDER = "guard"
"""Folder beside the checkpoints: the evaluations, and the weights of the best one."""

_GAINS = ("reward", "rewards/margins", "rewards/chosen")
"""Names of the training reward in trainers' logs; the first one present counts."""


class Guard(TrainerCallback):
    """Evaluates the policy every `watch_steps` steps.

    Args:
        watch: Evaluates the policy.
        params: Decide when to stop.
        trainer: Trains the policy.
        folder: Folder of the evaluations and the kept weights.
    """

    def __init__(
        self, watch: Watch, params: PolicyTraining, trainer: Trainer, folder: Path
    ) -> None:
        self._watch = watch
        self._params = params
        self._trainer = trainer
        self._folder = folder
        self._evaluations: list[Evaluation] = []
        self._kept: Evaluation | None = None
        self._reward: float | None = None
        self._reason = ""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Evaluate the policy that training starts from, or reload earlier evaluations.

        Raises:
            RunError: If it starts above `max_kl`: there is no policy to return to.
        """
        if state.global_step == 0:
            self._evaluate(args, state, control)
            if self._reason:
                raise RunError(
                    "the policy starts farther from its reference than max_kl "
                    f"{self._params.max_kl:g}: raise max_kl, or start from the reference"
                )
        elif (self._folder / "looks.json").is_file():
            for record in json.loads((self._folder / "looks.json").read_text()):
                evaluation = Evaluation(**{**record, "scores": tuple(record["scores"])})
                if evaluation.step <= state.global_step:
                    self._reason = self._record(evaluation)
            # Interrupted after it had stopped: one step more, then return to the kept weights.
            control.should_training_stop = bool(self._reason)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Evaluate, if this step is due."""
        last = state.global_step >= state.max_steps
        if last or state.global_step % self._params.watch_steps == 0:
            self._evaluate(args, state, control)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep the training reward."""
        gains = [(logs or {}).get(name) for name in _GAINS]
        self._reward = next((gain for gain in gains if gain is not None), self._reward)

    def finish(self, model: Any, *, interrupted: bool = False) -> dict[str, float]:
        """Restore the kept weights if the guard stopped the training.

        Args:
            model: The trained model, out of its wrappers.
            interrupted: Whether training will be resumed, and needs the evaluations.

        Returns:
            "guard_kl" or "guard_watch" with "kept_step" if the guard stopped it; "watch_kl" and
            "watch_reward" of the last evaluation, if they were measured.
        """
        from safetensors.torch import load_file

        last = self._evaluations[-1] if self._evaluations else Evaluation(0)
        figures = {"watch_kl": last.kl, "watch_reward": last.mean}
        if self._reason and self._kept is not None:
            model.load_state_dict(load_file(self._folder / "kept.safetensors"), strict=False)
            figures |= {self._reason: 1.0, "kept_step": self._kept.step}
        self._trainer.accelerator.wait_for_everyone()
        if self._trainer.accelerator.is_main_process and not interrupted:
            shutil.rmtree(self._folder, ignore_errors=True)
        return {name: float(value) for name, value in figures.items() if value is not None}

    def _evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl
    ) -> None:
        """Evaluate in the main process, and let all processes stop together."""
        accelerator = self._trainer.accelerator
        reason = ""
        if accelerator.is_main_process:
            policy = accelerator.unwrap_model(self._trainer.model)
            evaluation = self._watch.evaluate(policy, state.global_step, self._reward)
            reason = self._record(evaluation)
            if evaluation is self._kept:
                self._keep(policy)
            self._log(evaluation, args, state, control)
        for possible in ("guard_kl", "guard_watch"):
            if agreed(reason == possible, accelerator):
                self._reason = possible
                control.should_training_stop = True

    def _record(self, evaluation: Evaluation) -> str:
        """Record an evaluation; returns the reason to stop, or nothing."""
        self._evaluations.append(evaluation)
        if (
            evaluation.kl is not None
            and self._params.max_kl
            and evaluation.kl > self._params.max_kl
        ):
            return "guard_kl"
        kept = self._kept
        if kept is None or not evaluation.scores or (evaluation.mean or 0.0) >= (kept.mean or 0.0):
            self._kept = evaluation
            return ""
        newest = self._evaluations[-self._params.watch_patience :]
        lasting = len(newest) == self._params.watch_patience
        return "guard_watch" if lasting and all(newer.worse_than(kept) for newer in newest) else ""

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

    def _log(
        self,
        evaluation: Evaluation,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
    ) -> None:
        """Log to the ledger and all other callbacks, past TRL's own averages."""
        write_json(
            self._folder / "looks.json", [asdict(evaluation) for evaluation in self._evaluations]
        )
        figures = {"watch/kl": evaluation.kl, "watch/reward": evaluation.mean}
        logs = {name: value for name, value in figures.items() if value is not None}
        due = control.should_log  # logging clears it
        self._trainer.callback_handler.on_log(args, state, control, logs)
        control.should_log = due
