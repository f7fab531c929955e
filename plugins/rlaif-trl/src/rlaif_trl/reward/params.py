"""Parameters of the reward models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from rlaif_core.api import Params
from rlaif_trl.preferences.pairs import Weighting
from rlaif_trl.training.params import Training

Loss = Literal["bradley_terry", "plackett_luce"]

Aggregation = Literal["mean", "minimum", "mean_minus_variance", "weights"]


class Noise(Params):
    """Out-of-fold detection of labels that are likely wrong; see `rlaif_trl.reward.noise`."""

    folds: int = Field(default=5, ge=2, description="reward models trained to find noise")
    action: Literal["flag", "smooth", "drop"] = Field(
        default="flag", description="treatment of contradicted pairs; all are listed"
    )
    threshold: float = Field(
        default=0.5,
        gt=0,
        le=0.5,
        description="a pair is contradicted below this probability of the folds for `chosen`",
    )
    smoothing: float = Field(
        default=0.5, gt=0, le=1, description="the folds' share in a smoothed label"
    )


class RewardTraining(Training):
    """Parameters of training one score head."""

    learning_rate: float = Field(default=1e-4, gt=0, description="at its peak")
    loss: Loss = Field(
        default="bradley_terry", description="over pairs, or over the rankings that they form"
    )
    soft_labels: bool = Field(default=True, description="train towards p_chosen")
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=0.5, description="share of labels taken to be flipped"
    )
    margin: float = Field(
        default=0.0, ge=0, description="target of h, times the preference's margin: ℓ(h - margin)"
    )
    weights: Weighting = Field(default="none", description="source of the pairs' weights")
    center_rewards_coefficient: float = Field(
        default=0.01, ge=0, description="η of η·(r(chosen) + r(rejected))²; 0: rewards may drift"
    )
    noise: Noise | None = Field(default=None, description="find labels that are likely wrong")
    reference_size: int = Field(
        default=512, ge=2, description="most responses for mean and deviation"
    )
    score_batch_tokens: int = Field(
        default=8192, ge=1, description="tokens scored at once, padding included"
    )

    @model_validator(mode="after")
    def _smoothing_has_an_effect(self) -> RewardTraining:
        if self.noise is not None and self.noise.action == "smooth" and not self.soft_labels:
            raise ValueError(
                "noise smooths labels, which soft_labels: false ignores: set soft_labels: true"
            )
        return self


class ScalarHeadParams(RewardTraining):
    """Parameters of `trl`."""


class EnsembleParams(RewardTraining):
    """Parameters of `ensemble`."""

    members: int = Field(default=3, ge=2, description="reward models trained")
    aggregation: Aggregation = Field(
        default="mean", description="of the members' rewards; weights: average the models instead"
    )
    variance_penalty: float = Field(
        default=0.5, ge=0, description="λ of mean_minus_variance: mean - λ·variance"
    )
