"""The conformance kit on both components."""

from dataclasses import replace
from pathlib import Path

import pytest

from rlaif_core.api import TrainingJob
from rlaif_core.testing import OptimizerConformance, RewardModelConformance
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.reward.scalar_head import ScalarHead


class TestDPO(OptimizerConformance):
    component = DPO
    params = {"learning_rate": 1e-3, "max_steps": 3}

    @pytest.fixture(autouse=True)
    def toy(self, job) -> None:
        self.toy_job: TrainingJob = job()

    def job(self, output: Path) -> TrainingJob:
        return replace(self.toy_job, output=output)


class TestScalarHead(RewardModelConformance):
    component = ScalarHead
    params = {"learning_rate": 1e-3, "max_steps": 3}

    @pytest.fixture(autouse=True)
    def toy(self, job) -> None:
        self.toy_job: TrainingJob = job(heldout=frozenset({"p0", "p1"}))

    def job(self, output: Path) -> TrainingJob:
        return replace(self.toy_job, output=output)
