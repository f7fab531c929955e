"""One training run of a policy: loading, training under the guard, saving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

from rlaif_core.api import DataError, PluginError, Prompt, TrainingJob
from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.chat import ChatEncoder
from rlaif_trl.model.checkpoint import (
    context_length,
    load_causal,
    load_tokenizer,
    same_vocabulary,
    save,
)
from rlaif_trl.model.sampling import Draw
from rlaif_trl.policy.guard import FOLDER, Guard
from rlaif_trl.policy.watch import Watch
from rlaif_trl.training.adapter import adapter_config, merge_adapter
from rlaif_trl.training.arguments import Trained, checkpoints, run
from rlaif_trl.training.params import PolicyTraining
from rlaif_trl.training.progress import agreed, numbers

FIGURES = {
    "loss": "loss",
    "reward": "reward",
    "reward_std": "reward_deviation",
    "rewards/accuracies": "accuracy",
    "rewards/margins": "margin",
    "kl_per_token": "kl_per_token",
    "kl_of_mismatched_pairs": "kl_of_mismatched_pairs",
    "entropy_per_token": "entropy_per_token",
    "completions/mean_length": "length",
    "completions/clipped_ratio": "cut_off",
    "left_out": "left_out",
    "nll_loss": "nll",
}
"""Metrics of a finished training: their names in TRL's logs, and their names here."""


@dataclass
class PolicyRun:
    """A policy about to be trained.

    Attributes:
        job: The training job.
        params: Its parameters.
        tokenizer: The checkpoint's.
        policy: The checkpoint's model.
        encoder: Conversations to token ids, within the context.
    """

    job: TrainingJob
    params: PolicyTraining
    tokenizer: PreTrainedTokenizerBase
    policy: PreTrainedModel
    encoder: ChatEncoder

    @classmethod
    def load(cls, job: TrainingJob, params: PolicyTraining) -> PolicyRun:
        """Load the checkpoint that training starts from.

        Raises:
            PluginError: If it cannot be used.
        """
        tokenizer = load_tokenizer(job.checkpoint)
        policy = load_causal(job.checkpoint, params.dtype)
        limit = context_length(policy, tokenizer, params.max_length)
        return cls(job, params, tokenizer, policy, ChatEncoder(tokenizer, limit, params.overlong))

    @property
    def pad(self) -> int:
        """Id of the padding token."""
        pad: int = self.tokenizer.pad_token_id
        return pad

    @property
    def peft_config(self) -> Any:
        """Adapter configuration for a trainer; None to train the whole model.

        Raises:
            PluginError: If `lora` names no module of the model.
        """
        return adapter_config(self.params.lora, self.policy, "CAUSAL_LM")

    def reference(self) -> PreTrainedModel | None:
        """The reference, if it is another model than the one the policy starts from.

        Raises:
            PluginError: If it cannot be loaded, or has another vocabulary.
        """
        job = self.job
        if job.reference == job.checkpoint:
            return None
        reference = load_causal(job.reference, self.params.dtype)
        sizes = reference.config.vocab_size, self.policy.config.vocab_size
        if sizes[0] != sizes[1]:
            raise PluginError(
                f"reference {job.reference} has {sizes[0]} tokens and {job.checkpoint} has "
                f"{sizes[1]}: both must have the same tokenizer"
            )
        if not same_vocabulary(job.reference, self.tokenizer):
            raise PluginError(
                f"reference {job.reference} and {job.checkpoint} number tokens differently: both "
                "must have the same tokenizer"
            )
        return reference

    def prompt_tokens(self, prompts: Sequence[Prompt]) -> list[Tokens]:
        """Token ids of prompts to draw responses for.

        Raises:
            DataError: If a prompt leaves too little room for its response.
        """
        return self.encoder.encode_prompts(
            [prompt.messages for prompt in prompts], self.params.max_completion_length
        )

    def train(self, trainer: Trainer) -> dict[str, float]:
        """Train under the guard and save the policy, unless the user stopped it.

        Returns:
            The metrics in `FIGURES` from the last log; "steps"; "truncated", the number of
            shortened prompts or pairs; the guard's metrics; and if preferences are held out,
            their number as "heldout", with "heldout_loss" and "heldout_accuracy".
        """
        guard = guard_of(self, trainer)
        trained = run(
            trainer,
            self.job,
            [] if guard is None else [guard],
            whole_steps=self.params.whole_steps,
        )
        known = numbers(trained.figures)
        figures = {name: known[trl] for trl, name in FIGURES.items() if trl in known}
        figures |= {"steps": trained.steps, "truncated": self.encoder.truncated}
        cancelled = agreed(self.job.cancelled(), trainer.accelerator)
        if guard is not None:
            figures |= guard.finish(trained.model, interrupted=cancelled)
        if cancelled:
            return figures
        heldout: Any = trainer.eval_dataset
        if heldout is not None:
            measured = trainer.evaluate()
            figures |= {
                "heldout": len(heldout),
                "heldout_loss": measured["eval_loss"],
                "heldout_accuracy": measured["eval_rewards/accuracies"],
            }
        self._save(trainer, trained)
        return figures

    def _save(self, trainer: Trainer, trained: Trained) -> None:
        if trainer.accelerator.is_main_process:
            save(merge_adapter(trained.model, self.job.output), self.tokenizer, self.job.output)
        trainer.accelerator.wait_for_everyone()


def guard_of(run: PolicyRun, trainer: Trainer) -> Guard | None:
    """The guard of a training run; None if neither the job nor its parameters need one.

    Raises:
        DataError: If there is no prompt to evaluate on.
    """
    job, params = run.job, run.params
    judge = job.watch if job.heldout_prompts else None
    if judge is None and params.max_kl is None:
        return None
    prompts = list(job.heldout_prompts or job.prompts)[: params.watch_prompts]
    if not prompts:
        raise DataError("max_kl needs prompts to measure the divergence on, and there are none")
    tokens = run.encoder.encode_prompts([prompt.messages for prompt in prompts], 1)
    room = run.encoder.max_length - max(map(len, tokens))
    reference = None
    if params.max_kl is not None and trainer.accelerator.is_main_process:
        reference = _divergence_reference(run, trainer)
    watch = Watch(
        prompts=prompts,
        tokens=tokens,
        tokenizer=run.tokenizer,
        draw=Draw(min(params.max_completion_length, room)),
        judge=judge,
        reference=reference,
        seed=params.seed_of(job),
    )
    return Guard(watch, params, trainer, checkpoints(job) / FOLDER)


def _divergence_reference(run: PolicyRun, trainer: Trainer) -> Any:
    """Reference of the divergence: the trainer's own, if it has one, before another copy."""
    from peft import PeftModel

    policy = trainer.accelerator.unwrap_model(trainer.model)
    if isinstance(policy, PeftModel) and run.job.reference == run.job.checkpoint:
        return policy
    kept = getattr(trainer, "ref_model", None)
    if kept is not None:
        return kept
    loaded: Any = load_causal(run.job.reference, run.params.dtype)
    return loaded.to(trainer.args.device)
