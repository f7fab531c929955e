"""The optimizers `orpo`, `simpo` and `cpo`: preferences without a reference."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import Field

from rlaif_core.api import Metrics, TrainingJob
from rlaif_trl.policy.optimizer import PolicyOptimizer
from rlaif_trl.preferences.pairs import LabelledPair, Weighting, read_pairs, without_ties
from rlaif_trl.training.params import PolicyTraining

if TYPE_CHECKING:
    from rlaif_trl.pairs.reference_free_losses import ReferenceFreeLoss


class PairParams(PolicyTraining):
    """Parameters of the optimizers that need no reference."""

    learning_rate: float = Field(default=1e-6, gt=0, description="at its peak")
    soft_labels: bool = Field(
        default=False, description="train towards p_chosen; false: the label is certain"
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=0.5, description="share of labels taken to be flipped"
    )
    weights: Weighting = Field(default="none", description="source of the pairs' weights")


class ORPOParams(PairParams):
    """Parameters of `orpo`."""

    beta: float = Field(default=0.1, gt=0, description="λ: weight of the odds ratio")


class SimPOParams(PairParams):
    """Parameters of `simpo`."""

    beta: float = Field(default=2.0, gt=0, description="scale of mean log-probabilities")
    simpo_gamma: float = Field(default=1.0, ge=0, description="target margin of the rewards")
    cpo_alpha: float = Field(
        default=0.0, ge=0, description="share of the chosen response's negative log-likelihood"
    )


class CPOParams(PairParams):
    """Parameters of `cpo`."""

    beta: float = Field(default=0.1, gt=0, description="scale of log-probabilities")
    loss_type: Literal["sigmoid", "hinge", "ipo"] = "sigmoid"
    cpo_alpha: float = Field(
        default=1.0, ge=0, description="share of the chosen response's negative log-likelihood"
    )


T = TypeVar("T", bound=PairParams)


class ReferenceFreeOptimizer(PolicyOptimizer[T]):
    """Trains on pairs with a loss of `rlaif_trl.pairs.reference_free_losses`."""

    @abstractmethod
    def loss(self) -> ReferenceFreeLoss:
        """The loss that the parameters name."""

    def check_data(self, job: TrainingJob) -> None:
        """Refuse preferences that are too few or all ties."""
        self._pairs(job)

    def run(self, job: TrainingJob) -> Metrics:
        """Train and save; see `PolicyOptimizer.train`.

        Returns:
            "loss", "accuracy" (share of pairs whose rewards are in the order of their labels, ties
            one half), "margin" (of rewards), "nll" (of the chosen response, nats per token),
            "steps", "preferences", "truncated"; with certain labels "ties_left_out".
        """
        from trl.trainer.dpo_config import DPOConfig

        from rlaif_trl.pairs.dpo_trainer import LabelledCollator
        from rlaif_trl.pairs.reference_free_trainer import ReferenceFreeTrainer
        from rlaif_trl.policy.run import PolicyRun
        from rlaif_trl.preferences.labels import pair_dataset
        from rlaif_trl.training.arguments import arguments

        params = self.params
        pairs, ties = self._pairs(job)
        run = PolicyRun.load(job, params)
        trainer = ReferenceFreeTrainer(
            model=run.policy,
            # TRL keeps no reference model if it is precomputed, and here none is needed
            args=arguments(DPOConfig, params, job, precompute_ref_log_probs=True),
            data_collator=LabelledCollator(pad_token_id=run.pad),
            train_dataset=pair_dataset(
                run.encoder, pairs, params.soft_labels, weighting=params.weights
            ),
            processing_class=run.tokenizer,
            peft_config=run.peft_config,
            loss=self.loss(),
        )
        ties_left_out = {} if params.soft_labels else {"ties_left_out": ties}
        return run.train(trainer) | {"preferences": len(pairs), **ties_left_out}

    def _pairs(self, job: TrainingJob) -> tuple[list[LabelledPair], int]:
        params = self.params
        pairs = read_pairs(job.preferences)
        return without_ties(pairs, params.min_preferences, soft=params.soft_labels)


class ORPO(ReferenceFreeOptimizer[ORPOParams]):
    """Odds-ratio preference optimization (2403.07691): likelihood and preference in one."""

    Params = ORPOParams

    def loss(self) -> ReferenceFreeLoss:
        """See `ReferenceFreeOptimizer.loss`."""
        from rlaif_trl.pairs.reference_free_losses import ReferenceFreeLoss

        return ReferenceFreeLoss(
            "orpo",
            self.params.beta,
            likelihood=1.0,
            label_smoothing=self.params.label_smoothing,
        )


class SimPO(ReferenceFreeOptimizer[SimPOParams]):
    """Simple preference optimization (2405.14734): mean log-probabilities and a margin."""

    Params = SimPOParams

    def loss(self) -> ReferenceFreeLoss:
        """See `ReferenceFreeOptimizer.loss`."""
        from rlaif_trl.pairs.reference_free_losses import ReferenceFreeLoss

        return ReferenceFreeLoss(
            "simpo",
            self.params.beta,
            gamma=self.params.simpo_gamma,
            likelihood=self.params.cpo_alpha,
            label_smoothing=self.params.label_smoothing,
        )


class CPO(ReferenceFreeOptimizer[CPOParams]):
    """Contrastive preference optimization (2401.08417): DPO without reference, and likelihood."""

    Params = CPOParams

    def loss(self) -> ReferenceFreeLoss:
        """See `ReferenceFreeOptimizer.loss`."""
        from rlaif_trl.pairs.reference_free_losses import ReferenceFreeLoss

        return ReferenceFreeLoss(
            self.params.loss_type,
            self.params.beta,
            likelihood=self.params.cpo_alpha,
            label_smoothing=self.params.label_smoothing,
        )
