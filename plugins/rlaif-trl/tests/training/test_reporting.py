"""Figures reach tensorboard as they reach the ledger, and outlive the work folder."""

from pathlib import Path

import pytest

from rlaif_core.api import Message, Prompt
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.ppo.optimizer import PPO
from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.training.reporting import EVENTS

pytest.importorskip("tensorboard")

QUICK = {"max_steps": 3, "logging_steps": 1, "report_to": ["tensorboard"]}
PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(8)]


def curve(folder: Path, figure: str) -> list[tuple[int, float]]:
    """(step, value) of a figure, as tensorboard reads it."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder))
    read.Reload()
    return [(event.step, event.value) for event in read.Scalars(figure)]


def test_losses_of_every_step_are_in_tensorboard_and_in_the_ledger(job, tmp_path):
    reported = []
    done = job(work=tmp_path / "work", progress=lambda *step: reported.append(step))
    DPO(DPO.Params(**QUICK, learning_rate=1e-3)).train(done)
    (tmp_path / "work").rename(tmp_path / "removed")
    seen = curve(done.output / EVENTS, "train/loss")
    assert [step for step, _ in seen] == [1, 2, 3]
    assert [(step[0], step[2]["loss"]) for step in reported] == [
        (step, pytest.approx(loss, rel=1e-6)) for step, loss in seen
    ]


def test_a_step_that_is_not_logged_has_no_figures(job):
    reported = []
    params = DPO.Params(max_steps=5, logging_steps=3)
    DPO(params).train(job(progress=lambda *step: reported.append(step)))
    logged = [step for step, _, figures in reported if "loss" in figures]
    assert logged == [1, 3, 5]  # the first and the last step in any case
    assert [step for step, _, figures in reported if not figures] == [2, 4]


def test_an_interruption_loses_no_event(job, tmp_path):
    reported = []
    stopped = job(
        work=tmp_path / "work",
        progress=lambda *step: reported.append(step),
        cancelled=lambda: len(reported) == 2,
    )
    DPO(DPO.Params(**QUICK)).train(stopped)
    DPO(DPO.Params(**QUICK)).train(stopped)
    assert [step for step, _ in curve(stopped.output / EVENTS, "train/loss")] == [1, 2, 3]


def test_ppo_tells_tensorboard_too(job):
    done = job(prompts=PROMPTS, scorer=lambda prompts, texts: [float(len(text)) for text in texts])
    PPO(PPO.Params(**QUICK, max_completion_length=8)).train(done)
    assert len(curve(done.output / EVENTS, "train/reward")) == 3


def test_each_member_of_an_ensemble_has_its_own_curve(job, tmp_path):
    done = job(work=tmp_path / "work")
    Ensemble(Ensemble.Params(**QUICK, members=2)).fit(done)
    for member in ("member-0", "member-1"):
        assert len(curve(done.output / EVENTS / member, "train/loss")) == 3
