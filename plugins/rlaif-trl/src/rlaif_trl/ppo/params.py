"""Parameters of `ppo`, under the names that TRL's PPO had."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from rlaif_trl.training.params import PolicyTraining

KL_HORIZON = 10_000
"""Horizon of the code released with 1909.08593."""


class PPOParams(PolicyTraining):
    """Parameters of `ppo`. A step is one batch of responses and all updates on it."""

    learning_rate: float = Field(default=3e-6, gt=0, description="at its peak, of both networks")
    num_train_epochs: float = Field(default=1.0, gt=0, description="passes over the prompts")
    total_episodes: int | None = Field(
        default=None, ge=1, description="responses to learn from; null: by num_train_epochs"
    )
    per_device_train_batch_size: int = Field(
        default=8, ge=1, description="responses in one forward and backward pass"
    )
    num_mini_batches: int = Field(
        default=1, ge=1, description="updates that a batch of responses is split into"
    )
    num_ppo_epochs: int = Field(default=4, ge=1, description="passes over a batch of responses")
    num_generations: int = Field(
        default=1, ge=1, description="responses to a prompt; more than 1 for a pairwise judge"
    )
    local_rollout_forward_batch_size: int = Field(
        default=64, ge=1, description="responses sampled at once"
    )
    temperature: float = Field(default=1.0, gt=0, description="of sampling, and of the policy")
    logging_steps: int = Field(default=1, ge=1)
    kl_coef: float = Field(default=0.05, ge=0, description="β, in reward per nat")
    kl_target: float | None = Field(
        default=None, gt=0, description="nats per response to which β is adapted; null: β is fixed"
    )
    kl_horizon: int = Field(
        default=KL_HORIZON, ge=1, description="episodes in which β may change by about its error"
    )
    missing_eos_penalty: float | None = Field(
        default=None, gt=0, description="subtracted from the score of a response that does not end"
    )
    whiten_rewards: bool = Field(
        default=False, description="divide rewards, including the divergence, by their deviation"
    )
    whiten_advantages: bool = True
    gamma: float = Field(default=1.0, ge=0, le=1, description="discount per token")
    lam: float = Field(default=0.95, ge=0, le=1, description="λ of the advantages")
    cliprange: float = Field(default=0.2, gt=0, description="of the ratio, around 1")
    cliprange_value: float = Field(default=0.2, gt=0, description="around the old value")
    vf_coef: float = Field(default=0.1, ge=0, description="weight of the value's loss")
    value_model: Literal["reward_model", "policy"] | None = Field(
        default=None,
        description="start of the value model; null: the reward model if there is one",
    )

    @property
    def local_batch_size(self) -> int:
        """Responses per step on each device."""
        return (
            self.per_device_train_batch_size
            * self.gradient_accumulation_steps
            * self.num_mini_batches
        )

    @model_validator(mode="after")
    def _settings_fit(self) -> PPOParams:
        if self.local_batch_size % self.num_generations:
            raise ValueError(
                f"num_generations {self.num_generations} does not divide the batch of "
                f"{self.local_batch_size} (per_device_train_batch_size · "
                "gradient_accumulation_steps · num_mini_batches): make it a divisor"
            )
        if self.lora is not None and self.lora.dropout:
            raise ValueError(
                "lora.dropout would make the ratio of new to old policy noise: leave it at 0"
            )
        if self.kl_target is None and self.kl_horizon != KL_HORIZON:
            raise ValueError("kl_horizon has no effect without kl_target: set both or neither")
        return self
