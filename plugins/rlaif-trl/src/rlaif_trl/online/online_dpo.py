"""The optimizer `online-dpo`: preferences between fresh responses of the policy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_core.api import Metrics, TrainingJob
from rlaif_trl.policy.optimizer import OnlineOptimizer, scorer_of
from rlaif_trl.training.params import OnlineTraining, PairLabel


class OnlineDPOParams(OnlineTraining):
    """Parameters of `online-dpo`."""

    learning_rate: float = Field(default=1e-6, gt=0, description="at its peak")
    per_device_train_batch_size: int = Field(default=8, ge=1, description="prompts")
    num_generations: int = Field(
        default=2, ge=2, description="responses to a prompt; the best and the worst make the pair"
    )
    beta: float = Field(default=0.1, gt=0, description="strength of the pull to the reference")
    loss_type: Literal["sigmoid", "sigmoid_norm", "ipo", "hinge"] = "sigmoid"
    label: PairLabel = Field(
        default="certain",
        description="p_chosen of two rewards: 1, the sigmoid of their difference, or (1 + it) / 2",
    )


class OnlineDPO(OnlineOptimizer[OnlineDPOParams]):
    """Direct preference optimization on fresh pairs (OAIF, 2402.04792)."""

    Params = OnlineDPOParams

    def run(self, job: TrainingJob) -> Metrics:
        """Train and save; see `PolicyOptimizer.train`.

        Returns:
            "loss", "reward", "accuracy" and "margin" of implicit rewards, "left_out" (share of
            prompts without a pair: the scorer abstained, or gave all the same reward),
            "steps" and "truncated".
        """
        from datasets import Dataset
        from trl.trainer.dpo_config import DPOConfig

        from rlaif_trl.model.sampling import Draw
        from rlaif_trl.online.online_dpo_trainer import OnlineDPOTrainer
        from rlaif_trl.policy.run import PolicyRun
        from rlaif_trl.preferences.losses import PairLoss
        from rlaif_trl.training.arguments import arguments

        params = self.params
        run = PolicyRun.load(job, params)
        tokens = run.prompt_tokens(job.prompts)
        trainer = OnlineDPOTrainer(
            model=run.policy,
            ref_model=run.reference(),
            args=arguments(
                DPOConfig, params, job, beta=params.beta, precompute_ref_log_probs=False
            ),
            data_collator=list,
            train_dataset=Dataset.from_dict({"prompt": range(len(tokens))}),
            processing_class=run.tokenizer,
            peft_config=run.peft_config,
            pair_losses=[PairLoss(params.loss_type, params.beta)],
            prompts=job.prompts,
            prompt_tokens=tokens,
            scorer=scorer_of(job),
            label=params.label,
            count=params.num_generations,
            draw=Draw(params.max_completion_length, params.temperature, params.top_p, params.top_k),
        )
        return run.train(trainer)
