"""Parameters shared by the components, under the names that TRL uses."""

from __future__ import annotations

from math import gcd
from typing import Literal

from pydantic import Field, model_validator

from rlaif_core.api import Params, TrainingJob

Schedule = Literal[
    "linear", "cosine", "constant", "constant_with_warmup", "inverse_sqrt", "polynomial"
]

Optimizer = Literal["adamw_torch", "adamw_torch_fused", "adafactor", "rmsprop", "sgd"]

PairLabel = Literal["certain", "bradley-terry", "win-rate"]
"""Label of a pair made of two rewards: the probability that the better response is preferred."""


class Lora(Params):
    """Low-rank adapters (Hu et al., 2106.09685): train these instead of the whole model."""

    r: int = Field(default=16, ge=1, description="rank of each update")
    alpha: int = Field(default=32, ge=1, description="the update is scaled by alpha / r")
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: str | list[str] = Field(
        default="all-linear", description="names of the modules that get an adapter"
    )


class Training(Params):
    """Parameters of one training run."""

    learning_rate: float = Field(gt=0, description="at its peak")
    num_train_epochs: float = Field(default=1.0, gt=0, description="passes over the preferences")
    max_steps: int = Field(default=-1, ge=-1, description="stop after so many steps; -1: no limit")
    per_device_train_batch_size: int = Field(default=8, ge=1, description="pairs, not sequences")
    gradient_accumulation_steps: int = Field(default=1, ge=1)
    lr_scheduler_type: Schedule = "linear"
    warmup_steps: int = Field(default=0, ge=0)
    warmup_ratio: float = Field(
        default=0.0, ge=0, lt=1, description="share of all steps; used where warmup_steps is 0"
    )
    optim: Optimizer = "adamw_torch"
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, ge=0)
    max_length: int | None = Field(
        default=None, ge=8, description="tokens of prompt and response; null: the model's context"
    )
    overlong: Literal["error", "truncate"] = Field(
        default="error",
        description="longer than max_length: stop before training, or cut the prompt's beginning",
    )
    min_preferences: int = Field(default=8, ge=1, description="fewer to train on are an error")
    lora: Lora | None = None
    dtype: Literal["float32", "bfloat16"] = Field(
        default="float32", description="of the weights, loaded and saved"
    )
    bf16: bool | None = Field(
        default=None, description="mixed precision; null: where the hardware has it"
    )
    gradient_checkpointing: bool = Field(
        default=False, description="less memory, about a fifth more time"
    )
    logging_steps: int = Field(default=10, ge=1)
    save_steps: int | None = Field(
        default=None, ge=1, description="keep a checkpoint every so many steps, and resume from it"
    )
    report_to: list[str] = Field(
        default=[], description="tensorboard, trackio or wandb, where installed"
    )
    processes: int = Field(
        default=1, ge=1, description="processes to train with on this machine, one a device"
    )
    seed: int | None = Field(default=None, ge=0, description="null: the run's seed")

    @property
    def whole_steps(self) -> int:
        """A checkpoint can be resumed exactly after every multiple of so many steps."""
        return 1

    def seed_of(self, job: TrainingJob) -> int:
        """The seed of one training run."""
        return job.seed if self.seed is None else self.seed


class PolicyTraining(Training):
    """Parameters of one training run of a policy."""

    max_completion_length: int = Field(
        default=256, ge=1, description="tokens of a response that training itself samples"
    )
    max_kl: float | None = Field(
        default=None, gt=0, description="most nats per response between policy and reference"
    )
    watch_steps: int = Field(default=50, ge=1, description="steps between two held-out evaluations")
    watch_prompts: int = Field(default=64, ge=2, description="held-out prompts of an evaluation")
    watch_patience: int = Field(
        default=2, ge=1, description="evaluations in a row that must be worse before training stops"
    )


class Sampling(Params):
    """Sampling settings of the policy during training."""

    temperature: float = Field(default=1.0, gt=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    top_k: int = Field(default=0, ge=0, description="0: all tokens")


class OnlineTraining(PolicyTraining, Sampling):
    """Parameters of a policy that learns from rewards of its own responses."""

    num_train_epochs: float = Field(default=1.0, gt=0, description="passes over the prompts")
    per_device_train_batch_size: int = Field(
        default=8, ge=1, description="responses, all of a prompt's in one batch"
    )
    num_generations: int = Field(default=4, ge=2, description="responses to a prompt: its group")


class GroupTraining(OnlineTraining):
    """Parameters of TRL's trainers that compare the responses to one prompt with each other."""

    beta: float = Field(default=0.05, ge=0, description="weight of the divergence")
    num_iterations: int = Field(default=1, ge=1, description="passes over the responses drawn")
    steps_per_generation: int | None = Field(
        default=None,
        ge=1,
        description="batches drawn at once; null: as many as gradients are accumulated over",
    )
    epsilon: float = Field(default=0.2, gt=0, description="clip of the ratio, and its lower side")
    epsilon_high: float | None = Field(default=None, gt=0, description="its upper side")
    mask_truncated_completions: bool = Field(
        default=False, description="learn nothing from responses that were cut off"
    )

    @property
    def batches(self) -> int:
        """Batches of a process whose responses are drawn at once."""
        return self.steps_per_generation or self.gradient_accumulation_steps

    @property
    def whole_steps(self) -> int:
        """Steps from one draw of responses to the next."""
        every = self.batches * self.num_iterations
        return every // gcd(every, self.gradient_accumulation_steps)

    @property
    def prompts_together(self) -> int:
        """Prompts of a process whose responses are drawn at once."""
        return self.batches * self.per_device_train_batch_size // self.num_generations

    @model_validator(mode="after")
    def _groups_are_whole(self) -> GroupTraining:
        drawn = self.batches * self.per_device_train_batch_size
        if drawn % self.num_generations:
            raise ValueError(
                f"num_generations {self.num_generations} does not divide the {drawn} responses "
                "that are drawn at once: set per_device_train_batch_size to a multiple of it"
            )
        if self.save_steps and self.save_steps % self.whole_steps:
            raise ValueError(
                f"save_steps {self.save_steps} falls between two draws of responses, where a run "
                f"cannot be resumed exactly: set it to a multiple of {self.whole_steps}"
            )
        return self
