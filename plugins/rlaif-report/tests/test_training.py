"""Which figures of a training are told first, and which are drawn."""

from __future__ import annotations

from pathlib import Path

from rlaif_core.runs import Run
from rlaif_report.rounds import RoundView, round_view
from rlaif_report.sample import Sample
from tests.support.run_folder import RunWriter

GRPO = [
    "clip_ratio/high_max",
    "clip_ratio/low_mean",
    "completions/clipped_ratio",
    "completions/max_length",
    "completions/mean_length",
    "entropy_per_token",
    "epoch",
    "grad_norm",
    "kl_per_token",
    "learning_rate",
    "left_out",
    "loss",
    "num_tokens",
    "reward",
    "reward_std",
    "rewards/scorer/mean",
    "step_time",
    "watch/reward",
]


def view_of(folder: Path, section: dict[str, object], drawn: list[str]) -> RoundView:
    writer = RunWriter(folder, 4)
    for step in (1, 2):
        writer.ledger.keep_training(0, "optimize", step, dict.fromkeys(drawn, float(step)))
    writer.ledger.close()
    with Run.open(folder) as run:
        return round_view({"round": 0, **section}, run, Sample(), sampled=True)


def test_each_figure_that_is_looked_for_has_a_curve_before_any_has_two(tmp_path: Path) -> None:
    view = view_of(tmp_path / "run", {}, GRPO)
    assert [curve.title for curve in view.optimizer.curves] == [
        "Loss",
        "Reward",
        "KL per token",
        "Entropy per token",
        "completions: Mean length",
        "Left out",
        "watch: Reward",
        "completions: Max length",
    ]
    assert "clip_ratio/low_mean" in view.optimizer.other
    assert "epoch" not in view.optimizer.other


def test_the_trainings_of_an_ensemble_have_a_line_each(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", 4)
    for step in range(1, 5):
        figures = {"loss": 1.0 / step, "part": 1.0 if step < 3 else 2.0}
        writer.ledger.keep_training(0, "reward_model", step, figures)
    writer.ledger.close()
    with Run.open(writer.folder) as run:
        (loss,) = round_view({"round": 0}, run, Sample(), sampled=True).reward_model.curves
    assert len(loss.lines) == 2


def test_figures_begin_with_what_is_looked_for_and_end_with_counts(tmp_path: Path) -> None:
    model = {"truncated": 0, "steps": 4, "training_accuracy": 0.9, "loss": 0.4, "mean": 0.1}
    view = view_of(tmp_path / "run", {"reward_model": {**model, "accuracy": 0.8}}, [])
    assert [figure.label for figure in view.reward_model.figures] == [
        "Accuracy",
        "Training accuracy",
        "Loss",
        "Mean",
        "Truncated",
        "Steps",
    ]


def test_the_parts_of_a_training_stand_together(tmp_path: Path) -> None:
    told = {f"{part}/{name}": 1.0 for part in ("kind", "right") for name in ("steps", "loss")}
    view = view_of(tmp_path / "run", {"optimize": told}, [])
    assert [figure.label for figure in view.optimizer.figures] == [
        "kind: Loss",
        "kind: Steps",
        "right: Loss",
        "right: Steps",
    ]


def test_what_could_not_be_measured_is_told_last(tmp_path: Path) -> None:
    policy = {"win_rate_abstentions": 3, "kl_unmeasured": 0, "win_rate": 0.6, "length": 40.0}
    view = view_of(tmp_path / "run", {"policy": policy, "records": {}}, [])
    assert [figure.label for figure in view.policy] == [
        "Win rate",
        "Length",
        "Win rate abstentions",
        "KL unmeasured",
    ]
