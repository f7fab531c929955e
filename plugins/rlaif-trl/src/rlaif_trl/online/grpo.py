"""The optimizer `grpo`: group-relative policy optimisation and its variants, by TRL."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_core.api import Metrics, TrainingJob
from rlaif_trl.policy.optimizer import OnlineOptimizer, scorer_of
from rlaif_trl.training.params import GroupTraining


class GRPOParams(GroupTraining):
    """Parameters of `grpo`."""

    learning_rate: float = Field(default=1e-6, gt=0, description="at its peak")
    beta: float = Field(default=0.04, ge=0, description="weight of the divergence in the loss")
    loss_type: Literal["grpo", "dr_grpo", "dapo", "bnpo", "cispo", "sapo", "luspo"] = Field(
        default="dapo", description="aggregation of the token losses"
    )
    importance_sampling_level: Literal["token", "sequence"] = Field(
        default="token", description="sequence: GSPO, with loss_type grpo"
    )
    scale_rewards: Literal["group", "batch", "none"] = Field(
        default="group",
        description="scope of the deviation that divides the advantages, and so multiplies "
        "beta; none: Dr. GRPO",
    )
    use_bias_correction_kl: bool = Field(
        default=True, description="the divergence's gradient is that of KL(policy‖reference)"
    )
    delta: float | None = Field(default=None, gt=1, description="cap of the unclipped ratio")


class GRPO(OnlineOptimizer[GRPOParams]):
    """Policy gradient with a group's mean as baseline (2402.03300).

    Without `scale_rewards` it ends where π ∝ π_ref·exp(r/β). Dividing rewards by their deviation
    σ within the group is to take β·σ for β, with σ that of the policy itself in the end. TRL's own
    default, no `use_bias_correction_kl`, holds the policy by KL(reference‖policy) instead, and ends
    where π = β·π_ref / (λ - r).
    """

    Params = GRPOParams

    def run(self, job: TrainingJob) -> Metrics:
        """Train and save; see `PolicyOptimizer.train`.

        Returns:
            "loss", "reward", "reward_deviation", "kl_per_token" and "entropy_per_token" (nats),
            "length" (tokens), "cut_off" (share of responses without an end), "left_out" (share
            without a reward), "steps" and "truncated".
        """
        from trl.trainer.grpo_config import GRPOConfig

        from rlaif_trl.online.grouped import train_groups
        from rlaif_trl.online.trainers import JobGRPOTrainer
        from rlaif_trl.policy.run import PolicyRun

        params = self.params
        return train_groups(
            JobGRPOTrainer,
            GRPOConfig,
            PolicyRun.load(job, params),
            params,
            scorer_of(job),
            loss_type=params.loss_type,
            importance_sampling_level=params.importance_sampling_level,
            scale_rewards=params.scale_rewards,
            use_bias_correction_kl=params.use_bias_correction_kl,
            delta=params.delta,
        )
