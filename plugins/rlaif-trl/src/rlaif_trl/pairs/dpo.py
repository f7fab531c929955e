"""The optimizer `dpo`: direct preference optimisation (2305.18290) with soft labels, by TRL."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from rlaif_core.api import Metrics, TrainingJob
from rlaif_trl.policy.optimizer import PolicyOptimizer
from rlaif_trl.preferences.pairs import (
    LabelledPair,
    Weighting,
    read_pairs,
    split_heldout,
    without_ties,
)
from rlaif_trl.training.params import PolicyTraining

SoftLoss = Literal["sigmoid", "sigmoid_norm", "robust", "hinge", "ipo", "sppo_hard"]
"""Losses that take soft labels and weights; see `rlaif_trl.preferences.losses`."""

CertainLoss = Literal[
    "exo_pair", "nca_pair", "bco_pair", "aot", "aot_unpaired", "apo_zero", "apo_down",
    "discopop", "sft",
]  # fmt: skip
"""The rest of TRL's losses: the label is certain, all pairs weigh the same."""

LossType = Literal[SoftLoss, CertainLoss]

_TAKE_MARGIN = ("sigmoid", "sigmoid_norm", "robust", "hinge")
_TAKE_SMOOTHING_IN_TRL = ("exo_pair", "aot", "aot_unpaired", "robust")


class DPOParams(PolicyTraining):
    """Parameters of `dpo`."""

    learning_rate: float = Field(default=1e-6, gt=0, description="at its peak")
    beta: float = Field(default=0.1, gt=0, description="strength of the pull to the reference")
    loss_type: LossType | list[LossType] = Field(
        default="sigmoid", description="one of TRL's losses, or several, added up"
    )
    loss_weights: list[float] | None = Field(default=None, description="one for each loss")
    soft_labels: bool | None = Field(
        default=None, description="train towards p_chosen; null: with the loss sigmoid alone"
    )
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=0.5, description="share of labels taken to be flipped (cDPO, robust)"
    )
    margin: float = Field(
        default=0.0, ge=0, description="target of h, times the preference's margin: ℓ(h - margin)"
    )
    weights: Weighting = Field(default="none", description="source of the pairs' weights")
    precompute_ref_log_probs: bool = Field(
        default=True, description="run the reference once, before training, then free it"
    )
    train_on_heldout: bool = Field(
        default=True, description="false: leave those preferences out and evaluate on them"
    )

    @property
    def losses(self) -> list[LossType]:
        """All losses."""
        return self.loss_type if isinstance(self.loss_type, list) else [self.loss_type]

    @property
    def soft(self) -> bool:
        """True if labels are soft."""
        if self.soft_labels is None:
            return self.losses == ["sigmoid"]
        return self.soft_labels

    @property
    def certain(self) -> list[LossType]:
        """The losses that take no soft labels."""
        return [name for name in self.losses if name not in get_args(SoftLoss)]

    @model_validator(mode="after")
    def _settings_have_an_effect(self) -> DPOParams:
        if not self.losses:
            raise ValueError("loss_type is empty: name at least one loss")
        if self.loss_weights is not None and len(self.loss_weights) != len(self.losses):
            raise ValueError(
                f"{len(self.loss_weights)} loss_weights for {len(self.losses)} losses: "
                "give one for each"
            )
        constrained = {
            "soft_labels": (self.soft, get_args(SoftLoss)),
            "weights": (self.weights != "none", get_args(SoftLoss)),
            "margin": (self.margin > 0, _TAKE_MARGIN),
            "label_smoothing": (
                self.label_smoothing > 0,
                _TAKE_SMOOTHING_IN_TRL if self.certain else get_args(SoftLoss),
            ),
        }
        for setting, (wanted, takers) in constrained.items():
            without = [name for name in self.losses if name not in takers]
            if wanted and without:
                raise ValueError(
                    f"{setting} has no effect on the loss '{without[0]}': use {', '.join(takers)}"
                )
        if "exo_pair" in self.losses and not self.label_smoothing:
            raise ValueError("the loss 'exo_pair' needs label_smoothing; its paper uses 0.001")
        return self


class DPO(PolicyOptimizer[DPOParams]):
    """Direct preference optimization by TRL: soft labels, margins, weights, any of its losses."""

    Params = DPOParams

    def check_data(self, job: TrainingJob) -> None:
        """Refuse preferences that are too few or all ties."""
        self._pairs(job)

    def run(self, job: TrainingJob) -> Metrics:
        """Train the policy of `job.checkpoint` against `job.reference`; see `Optimizer.train`.

        Returns:
            "loss", "accuracy" (share of pairs whose implicit reward ranks them as labelled, ties
            one half) and "margin" (of implicit rewards) over the last logged steps; "steps",
            "preferences", "truncated"; with certain labels "ties_left_out"; with
            `train_on_heldout: false` also "heldout", "heldout_loss" and "heldout_accuracy".
        """
        from trl.trainer.dpo_config import DPOConfig

        from rlaif_trl.pairs.dpo_trainer import LabelledCollator, SoftDPOTrainer
        from rlaif_trl.policy.run import PolicyRun
        from rlaif_trl.preferences.labels import pair_dataset
        from rlaif_trl.preferences.losses import PairLoss
        from rlaif_trl.training.arguments import arguments

        params = self.params
        pairs, held, ties = self._pairs(job)
        run = PolicyRun.load(job, params)

        def dataset(pairs: list[LabelledPair]) -> object:
            return pair_dataset(
                run.encoder, pairs, params.soft, margin=params.margin, weighting=params.weights
            )

        trainer = SoftDPOTrainer(
            model=run.policy,
            ref_model=run.reference(),
            args=arguments(
                DPOConfig,
                params,
                job,
                beta=params.beta,
                loss_type=params.losses,
                loss_weights=params.loss_weights,
                label_smoothing=params.label_smoothing,
                precompute_ref_log_probs=params.precompute_ref_log_probs,
                precompute_ref_batch_size=2 * params.per_device_train_batch_size,
            ),
            data_collator=LabelledCollator(pad_token_id=run.pad),
            train_dataset=dataset(pairs),
            eval_dataset=dataset(held) if held else None,
            processing_class=run.tokenizer,
            peft_config=run.peft_config,
            pair_losses=[]
            if params.certain
            else [PairLoss(name, params.beta, params.label_smoothing) for name in params.losses],
        )
        ties_left_out = {} if params.soft else {"ties_left_out": ties}
        return run.train(trainer) | {"preferences": len(pairs), **ties_left_out}

    def _pairs(self, job: TrainingJob) -> tuple[list[LabelledPair], list[LabelledPair], int]:
        """Pairs to train on, pairs to evaluate on, and the number of ties left out of training."""
        params = self.params
        pairs, held = read_pairs(job.preferences), list[LabelledPair]()
        if not params.train_on_heldout:
            pairs, held = split_heldout(pairs, job.heldout)
        kept, ties = without_ties(pairs, params.min_preferences, soft=params.soft)
        return kept, [pair for pair in held if params.soft or pair.decided], ties
