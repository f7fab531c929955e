"""The conformance kit on the ensemble, and on a reward model that looks for noise."""

from dataclasses import replace
from pathlib import Path

import pytest

from rlaif_core.api import TrainingJob
from rlaif_core.testing import RewardModelConformance
from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.reward.scalar_head import ScalarHead


class ToyRewardModel(RewardModelConformance):
    @pytest.fixture(autouse=True)
    def toy(self, job) -> None:
        self.toy_job: TrainingJob = job(heldout=frozenset({"p0", "p1"}))

    def job(self, output: Path) -> TrainingJob:
        return replace(self.toy_job, output=output)


class TestEnsemble(ToyRewardModel):
    component = Ensemble
    params = {"learning_rate": 1e-3, "max_steps": 2, "members": 2}


class TestNoise(ToyRewardModel):
    component = ScalarHead
    params = {"learning_rate": 1e-3, "max_steps": 2, "noise": {"folds": 2, "action": "smooth"}}


class TestRankings(ToyRewardModel):
    component = ScalarHead
    params = {"learning_rate": 1e-3, "max_steps": 3, "loss": "plackett_luce"}


class TestAveragedWeights(ToyRewardModel):
    component = Ensemble
    params = {"learning_rate": 1e-3, "max_steps": 2, "members": 2, "aggregation": "weights"}
