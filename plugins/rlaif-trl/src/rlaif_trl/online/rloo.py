"""The optimizer `rloo`: REINFORCE with the other responses as baseline, by TRL."""

from __future__ import annotations

from pydantic import Field

from rlaif_core.api import Metrics, TrainingJob
from rlaif_trl.policy.optimizer import OnlineOptimizer, scorer_of
from rlaif_trl.training.params import GroupTraining


class RLOOParams(GroupTraining):
    """Parameters of `rloo`."""

    learning_rate: float = Field(default=1e-6, gt=0, description="at its peak")
    beta: float = Field(default=0.05, ge=0, description="weight of the divergence in the reward")
    normalize_advantages: bool = Field(
        default=False, description="divide them by their deviation over the batch"
    )
    reward_clip_range: tuple[float, float] | None = Field(
        default=None, description="least and greatest reward that counts"
    )


class RLOO(OnlineOptimizer[RLOOParams]):
    """Leave-one-out policy gradient (2402.14740), the divergence part of the reward."""

    Params = RLOOParams

    def run(self, job: TrainingJob) -> Metrics:
        """Train and save; see `PolicyOptimizer.train`.

        Returns:
            "loss", "reward" (without the divergence), "reward_deviation", "kl_per_token" and
            "entropy_per_token" (nats), "length" (tokens), "cut_off" (share of responses without
            an end), "left_out" (share without a reward), "steps" and "truncated".
        """
        from trl.trainer.rloo_config import RLOOConfig

        from rlaif_trl.online.grouped import train_groups
        from rlaif_trl.online.trainers import JobRLOOTrainer
        from rlaif_trl.policy.run import PolicyRun

        params = self.params
        return train_groups(
            JobRLOOTrainer,
            RLOOConfig,
            PolicyRun.load(job, params),
            params,
            scorer_of(job),
            normalize_advantages=params.normalize_advantages,
            reward_clip_range=params.reward_clip_range,
        )
