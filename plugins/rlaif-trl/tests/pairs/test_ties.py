"""A tie says that neither response is better: certain labels leave it out, soft ones keep it."""

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import DataError
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.pairs.kto import KTO
from rlaif_trl.pairs.reference_free import CPO, ORPO, SimPO
from rlaif_trl.processes.job_file import JobFile
from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.reward.scalar_head import ScalarHead

CERTAIN = {"soft_labels": False}
CERTAIN_KINDS = [(DPO, CERTAIN), (ORPO, {}), (SimPO, {}), (CPO, {}), (KTO, {})]
CERTAIN_REWARDS = [(ScalarHead, CERTAIN), (Ensemble, {**CERTAIN, "members": 2})]
QUICK = {"max_steps": 2, "logging_steps": 1, "learning_rate": 1e-3}


@pytest.fixture
def mixed(preferences):
    """Forty decided preferences and eight ties among them."""
    rows = preferences()
    for row in rows[::6]:
        row.update(p_chosen=0.5, margin=0.0)
    return rows


def done(kind, params, job):
    return JobFile.do(kind(kind.Params(**QUICK, **params)), job)


@pytest.mark.parametrize(("kind", "params"), [*CERTAIN_KINDS, *CERTAIN_REWARDS])
def test_certain_labels_leave_ties_out_and_count_them(kind, params, job, mixed):
    with_ties, without = job(mixed), job([row for row in mixed if row["p_chosen"] != 0.5])
    metrics = done(kind, params, with_ties)
    assert metrics["ties_left_out"] == 8
    assert done(kind, params, without)["ties_left_out"] == 0
    one, other = (load_file(run.output / "model.safetensors") for run in (with_ties, without))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("kind", [DPO, ORPO, ScalarHead])
def test_soft_labels_are_trained_on_ties(kind, job, mixed):
    metrics = done(kind, {"soft_labels": True}, job(mixed))
    assert metrics["preferences"] == 48
    assert "ties_left_out" not in metrics


@pytest.mark.parametrize(("kind", "params"), [*CERTAIN_KINDS[:4], *CERTAIN_REWARDS])
def test_too_few_are_decided(kind, params, job, mixed):
    for row in mixed[:41]:
        row.update(p_chosen=0.5, margin=0.0)
    decided = sum(row["p_chosen"] != 0.5 for row in mixed)
    ties = 48 - decided
    with pytest.raises(DataError, match=f"{decided} preferences beside {ties} ties are too few"):
        done(kind, params, job(mixed))


def test_held_out_ties_are_not_measured_on_as_if_they_were_decided(job, mixed):
    held = frozenset(row["prompt_id"] for row in mixed[:12])  # two ties among them
    params = {**CERTAIN, "train_on_heldout": False}
    assert done(DPO, params, job(mixed, heldout=held))["heldout"] == 10
