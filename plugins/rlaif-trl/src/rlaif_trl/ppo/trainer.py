"""Training loop of PPO: sample, score, run the networks, update, log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from transformers import (
    DefaultFlowCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    get_scheduler,
)
from transformers.integrations import integration_utils
from transformers.trainer_callback import CallbackHandler

from rlaif_core.api import RunError, digest
from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.sampling import end_tokens
from rlaif_trl.policy.run import PolicyRun
from rlaif_trl.ppo.actor_critic import ActorCritic, ValueModel
from rlaif_trl.ppo.checkpoints import Checkpoints, Progress
from rlaif_trl.ppo.collect import Collected, Collector
from rlaif_trl.ppo.episodes import Episodes
from rlaif_trl.ppo.equations import adapted_kl_coef
from rlaif_trl.ppo.experience import NetworkOutputs, make_experience, run_networks
from rlaif_trl.ppo.params import PPOParams
from rlaif_trl.ppo.reference import Reference
from rlaif_trl.ppo.sampling import ResponseSampler
from rlaif_trl.ppo.update import Updater
from rlaif_trl.training.arguments import arguments, checkpoints


class PPOTrainer:
    """Trains a policy, with the same callbacks as TRL's trainers.

    Args:
        run: The policy, with its adapter if it has one, and its tokenizer.
        params: The recipe's parameters.
        value: The value model.
        reference: The reference, if it is another model than the policy without its adapter.
        tokens: The token ids of the job's prompts.
    """

    eval_dataset = None

    def __init__(
        self,
        run: PolicyRun,
        params: PPOParams,
        value: ValueModel,
        reference: Any,
        tokens: Sequence[Tokens],
    ) -> None:
        self.args = arguments(TrainingArguments, params, run.job)
        device = self.args.device  # access sets up the processes that the accelerator joins
        self.accelerator = Accelerator(mixed_precision="bf16" if self.args.bf16 else "no")
        self.model: Any = run.policy
        self.ref_model = None if reference is None else reference.to(device)
        self._params = params
        self._pad = run.pad
        self._seed = params.seed_of(run.job)
        self._networks = ActorCritic(run.policy, value, params.temperature).to(device)
        if params.gradient_checkpointing:
            self._networks.checkpoint_gradients()
        self._reference = Reference(
            self.model if reference is None else reference,
            params.temperature,
            adapter=reference is None,
        )
        self._collector = Collector(
            run.job, params, tokens, self._sampler(run), run.tokenizer, self.accelerator
        )
        state: Any = TrainerState  # its functions are only half typed
        self.state = state(is_world_process_zero=self.accelerator.is_main_process)
        self.state.max_steps = self._steps(len(tokens))
        self.state.compute_steps(self.args, self.state.max_steps)
        self.control = TrainerControl()
        self._prepare(run)

    def add_callback(self, callback: TrainerCallback) -> None:
        """Add a callback."""
        self.callback_handler.add_callback(callback)

    def remove_callback(self, callback: type[TrainerCallback]) -> None:
        """Remove a callback, if it is there."""
        self.callback_handler.remove_callback(callback)

    def train(self, resume_from_checkpoint: bool = False) -> None:
        """Take all steps, or those that are left.

        Raises:
            RunError: If training diverges, or no response of a step has a reward.
        """
        start = Progress(0, self._params.kl_coef, {})
        progress = (self._checkpoints.resume() if resume_from_checkpoint else None) or start
        self.state.global_step = progress.step
        if progress.figures:
            self.state.log_history.append({**progress.figures, "step": progress.step})
        self._notify("on_train_begin")
        while self.state.global_step < self.state.max_steps:
            if self.control.should_training_stop:
                break
            self._step(progress)
            self.state.global_step = progress.step
            self._log(progress)
            self._notify("on_step_end")
            if self.control.should_save:
                self._checkpoints.save(progress)
                self._notify("on_save")
        self._notify("on_train_end")

    def _step(self, progress: Progress) -> None:
        """Sample, score and update."""
        params, accelerator = self._params, self.accelerator
        with accelerator.autocast():
            collected = self._collector.collect(progress.step)
            episodes = Episodes(collected.episodes, self._pad, accelerator.device)
            outputs = run_networks(
                self._networks,
                self._reference,
                episodes,
                params.local_rollout_forward_batch_size,
            )
        figures = self._measure(collected, episodes, outputs)
        figures["kl_coef"] = progress.kl_coef
        figures["learning_rate"] = self._scheduler.get_last_lr()[0]
        experience = make_experience(
            outputs,
            episodes.response_mask,
            collected.penalised(params.missing_eos_penalty),
            params,
            progress.kl_coef,
            self._sum,
        )
        shuffle = digest(self._seed, "shuffle", progress.step, accelerator.process_index)
        generator = torch.Generator().manual_seed(int(shuffle, 16) % 2**63)
        figures |= self._updater.update(episodes, experience, generator)
        self._scheduler.step()
        if params.kl_target is not None:
            count = len(episodes) * accelerator.num_processes
            progress.kl_coef = adapted_kl_coef(
                progress.kl_coef,
                figures["kl_per_response"],
                params.kl_target,
                count,
                params.kl_horizon,
            )
        progress.step += 1
        progress.figures = figures
        for name in (
            "loss",
            "grad_norm",
        ):  # no responses can be drawn from a policy that is not finite
            if not math.isfinite(figures[name]):
                raise RunError(
                    f"training diverged at step {progress.step}: {name} is {figures[name]}; "
                    f"lower learning_rate (now {params.learning_rate:g})"
                )

    def _measure(
        self, collected: Collected, episodes: Episodes, outputs: NetworkOutputs
    ) -> dict[str, float]:
        """Means over the episodes of a step on all devices; see `PPO.train`."""
        known = [score for score in collected.scores if score is not None]
        sums = self._sum(
            torch.tensor(
                [
                    sum(known),
                    len(known),
                    (outputs.logprobs - outputs.reference_logprobs).sum(),
                    -outputs.logprobs.sum(),
                    sum(len(episode.response) for episode in collected.episodes),
                    sum(episode.ended for episode in collected.episodes),
                    len(episodes),
                ],
                device=self.accelerator.device,
            )
        )
        reward, scored, kl, surprise, tokens, ended, count = sums.tolist()
        return {
            "reward": reward / scored,
            "kl_per_response": kl / count,
            "entropy_per_response": surprise / count,
            "length": tokens / count,
            "cut_off": 1 - ended / count,
            "left_out": count - scored,
        }

    def _log(self, progress: Progress) -> None:
        """Log at the first step, the last one, and every `logging_steps`."""
        step = progress.step
        if step % self.state.logging_steps == 0 or step in (1, self.state.max_steps):
            self.state.log_history.append({**progress.figures, "step": step})
            self._notify("on_log", logs=dict(progress.figures))

    def _notify(self, event: str, **details: Any) -> None:
        """Notify the callbacks, after clearing the flags that they set for a `Trainer`."""
        self.control.should_log = self.control.should_save = False
        self.control = self.callback_handler.call_event(
            event, self.args, self.state, self.control, **details
        )

    def _sum(self, values: Tensor) -> Tensor:
        summed: Tensor = self.accelerator.reduce(values, "sum")
        return summed

    def _steps(self, prompts: int) -> int:
        """Number of steps, counted as in TRL."""
        params = self._params
        if params.max_steps > 0:
            return params.max_steps
        passes = params.num_train_epochs * prompts * params.num_generations
        episodes = passes if params.total_episodes is None else params.total_episodes
        size: int = params.local_batch_size * self.accelerator.num_processes
        return math.ceil(episodes / size)

    def _sampler(self, run: PolicyRun) -> ResponseSampler:
        return ResponseSampler(
            model=self.model,
            endings=frozenset(end_tokens(run.policy, run.tokenizer)),
            pad=self._pad,
            temperature=self._params.temperature,
            max_tokens=self._params.max_completion_length,
            batch_size=self._params.local_rollout_forward_batch_size,
        )

    def _prepare(self, run: PolicyRun) -> None:
        """Make the optimizer, its schedule, and everything that depends on them."""
        groups = [
            [weight for weight in network.parameters() if weight.requires_grad]
            for network in (self._networks.policy, self._networks.value)
        ]
        kind, settings = Trainer.get_optimizer_cls_and_kwargs(self.args)
        everything = [weight for group in groups for weight in group]
        matrices: dict[str, Any] = {
            "params": [weight for weight in everything if weight.ndim > 1],
            "weight_decay": self._params.weight_decay,
        }
        others = {
            "params": [weight for weight in everything if weight.ndim < 2],
            "weight_decay": 0.0,
        }
        optimizer = kind([matrices, others], **settings)
        self._scheduler = get_scheduler(
            self.args.lr_scheduler_type,
            optimizer,
            num_warmup_steps=self.args.get_warmup_steps(self.state.max_steps),
            num_training_steps=self.state.max_steps,
        )
        networks, wrapped = self.accelerator.prepare(self._networks, optimizer)
        self._updater = Updater(self.accelerator, networks, wrapped, groups, self._params)
        self._checkpoints = Checkpoints(
            checkpoints(run.job), self._networks, optimizer, self._scheduler, self.accelerator
        )
        integrations: Any = integration_utils  # its functions have no types
        reporters = integrations.get_reporting_integration_callbacks(self.args.report_to)
        handler: Any = CallbackHandler
        self.callback_handler = handler(
            [DefaultFlowCallback(), *(reporter() for reporter in reporters)],
            self.model,
            run.tokenizer,
            optimizer,
            self._scheduler,
        )
