"""The optimizer `kto`: Kahneman-Tversky optimisation (2402.01306), by TRL."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_core.api import Metrics, TrainingJob
from rlaif_trl.pairs.unpaired import balance, check_both_marks, read_marked, shuffled
from rlaif_trl.policy.optimizer import PolicyOptimizer
from rlaif_trl.training.params import PolicyTraining


class KTOParams(PolicyTraining):
    """Parameters of `kto`."""

    learning_rate: float = Field(default=1e-6, gt=0, description="at its peak")
    per_device_train_batch_size: int = Field(
        default=8, ge=2, description="responses; a batch of one has no mismatched pair"
    )
    beta: float = Field(default=0.1, gt=0, description="strength of the pull to the reference")
    loss_type: Literal["kto", "apo_zero_unpaired"] = "kto"
    desirable_weight: float | None = Field(
        default=None, gt=0, description="of good responses; null: balances both kinds"
    )
    undesirable_weight: float | None = Field(default=None, gt=0, description="of bad responses")
    precompute_ref_log_probs: bool = Field(
        default=True, description="run the reference once, before training, then free it"
    )


class KTO(PolicyOptimizer[KTOParams]):
    """Learns from single responses that are good or bad; preferences are taken apart."""

    Params = KTOParams

    def check_data(self, job: TrainingJob) -> None:
        """Refuse responses that are too few or of one kind."""
        check_both_marks(read_marked(job.preferences)[0], self.params.min_preferences)

    def run(self, job: TrainingJob) -> Metrics:
        """Train and save; see `PolicyOptimizer.train`.

        Returns:
            "loss", "kl_of_mismatched_pairs" (nats per response, at least 0), "entropy_per_token",
            "margin" (of implicit rewards, good less bad responses), "steps", "responses",
            "ties_left_out" and "truncated".
        """
        from trl.trainer.kto_config import KTOConfig
        from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

        from rlaif_trl.pairs.kto_trainer import MarkedKTOTrainer, marked_dataset
        from rlaif_trl.policy.run import PolicyRun
        from rlaif_trl.training.arguments import arguments

        params = self.params
        marked, ties = read_marked(job.preferences)
        marked = shuffled(marked, params.seed_of(job))
        good, bad = balance(marked)
        run = PolicyRun.load(job, params)
        size = params.per_device_train_batch_size
        trainer = MarkedKTOTrainer(
            model=run.policy,
            ref_model=run.reference(),
            args=arguments(
                KTOConfig,
                params,
                job,
                beta=params.beta,
                loss_type=params.loss_type,
                desirable_weight=params.desirable_weight or good,
                undesirable_weight=params.undesirable_weight or bad,
                precompute_ref_log_probs=params.precompute_ref_log_probs,
            ),
            data_collator=DataCollatorForUnpairedPreference(pad_token_id=run.pad),
            train_dataset=marked_dataset(
                run.encoder, marked, size, mismatched=params.loss_type == "kto"
            ),
            processing_class=run.tokenizer,
            peft_config=run.peft_config,
        )
        return run.train(trainer) | {"responses": len(marked), "ties_left_out": ties}
