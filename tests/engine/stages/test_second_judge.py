"""The evaluation judge judges a sample of the training pairs: how far both judges agree."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from rlaif_core.cli import main
from rlaif_core.engine.stages.second_judge import drawn
from rlaif_core.store.ledger import Ledger
from tests.support.ballot_box import judged
from tests.support.fixtures import Toy

OTHER = """
evaluation:
  second_opinions: 30
  judge:
    use: "./toy.py:Judge"
    model: {{use: "./toy.py:ToyModel", params: {{log: {log}, path: other}}}}
"""


@pytest.fixture
def two_judges(toy: Toy) -> Toy:
    """A recipe with an evaluation judge that answers at random, as the training judge does."""
    recipe = toy.folder / "toy.yaml"
    recipe.write_text(recipe.read_text() + OTHER.format(log=toy.log))
    return toy


def play(toy: Toy, *more: str, run_dir: str = "run") -> int:
    return main(toy.command(*more, run_dir=run_dir)[3:])


def agreement(toy: Toy, run_dir: str = "run") -> tuple[dict[str, Any], str]:
    """What metrics.json says of κ: the figure, and why there is none."""
    judge = toy.metrics(run_dir)["rounds"][0]["judge"]
    name = "evaluation_judge_kappa"
    missing = judge["not_measured"]["train"].get(name, "")
    return judge["measures"]["train"].get(name, {}), missing


def test_both_judges_are_compared_on_a_sample_of_the_training_pairs(
    two_judges: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(two_judges) == 0
    kappa, missing = agreement(two_judges)
    assert not missing
    assert 20 < kappa["n"] <= 30  # pairs that neither judge abstained on
    assert -1.0 <= kappa["low"] < kappa["value"] < kappa["high"] <= 1.0
    assert abs(kappa["alpha"] - kappa["value"]) < 0.1
    out, told = capsys.readouterr()
    assert f"30 pairs judged again, κ {kappa['value']:.2f} with the training judge" in told
    assert "agreement with the evaluation judge, κ" in out
    page = (two_judges.folder / "run" / "report.html").read_text()
    assert "Agreement with the evaluation judge, κ" in page
    assert "on the same side, α" in page
    with sqlite3.connect(two_judges.folder / "run" / "ledger.sqlite") as ledger:
        (kept,) = ledger.execute("SELECT count(*) FROM judged WHERE split='second'").fetchone()
    assert kept == 30


def test_judges_that_disagree_are_warned_about_before_training(
    two_judges: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--set", "evaluation.second_opinions=200", "--set", "prompts.train.params.n=40"]
    judge = ["--set", 'judge={use: "./toy.py:Longer", params: {log: asked.log}}']
    assert play(two_judges, *settings, *judge, "--set", f"judge.params.log={two_judges.log}") == 0
    told = capsys.readouterr().err
    warned = "round 0: judge, agreement with the evaluation judge, κ:"
    assert told.count(warned) == 1
    assert told.index(warned) < told.index("round 0 · optimize …")


@pytest.mark.parametrize("setting", ["evaluation.second_opinions=0", "evaluation={}"])
def test_without_a_second_opinion_the_report_says_why(setting: str, two_judges: Toy) -> None:
    assert play(two_judges, "--set", setting) == 0
    kappa, missing = agreement(two_judges)
    assert not kappa
    assert "name one under evaluation.judge, with evaluation.second_opinions above 0" in missing
    assert missing in (two_judges.folder / "run" / "report.html").read_text()


def test_a_second_judge_without_an_opinion_is_said_to_have_none(two_judges: Toy) -> None:
    (two_judges.folder / "silent.py").write_text(SILENT)
    assert play(two_judges, "--set", 'evaluation.judge={use: "./silent.py:Silent"}') == 0
    assert agreement(two_judges) == (
        {},
        "the evaluation judge abstained on all 30 pairs it was shown",
    )


SILENT = """
from rlaif_core.api import Abstention, PairwiseJudge, Verdict


class Silent(PairwiseJudge):
    async def compare(self, comparison):
        return Verdict.abstain(Abstention.REFUSED, "no opinion")
"""


def test_an_interrupted_comparison_goes_on_where_it_was(
    two_judges: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    before = 12 * 3 + 12 * 3 * 2 * 2 * 2  # sampling and judging
    assert play(two_judges, "--set", f"budget.calls={before + 40}") == 2
    assert "round 0 · second_opinion" in capsys.readouterr().err
    assert play(two_judges, "--accept-changes") == 0
    assert len(two_judges.asked()) == len(set(two_judges.asked()))
    assert play(two_judges, run_dir="calm") == 0
    assert agreement(two_judges) == agreement(two_judges, "calm")


def test_second_opinions_are_in_the_forecast(
    two_judges: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = str(two_judges.folder / "toy.yaml")

    def forecast(*more: str) -> int:
        assert main(["plan", recipe, "--allow-local-code", "--json", *more]) == 0
        (lines,) = json.loads(capsys.readouterr().out)["plans"].values()
        return sum(line["calls"] for line in lines if line["stage"] == "second_opinion")

    assert forecast() == 30 * 2 * 2  # pairs, orders, calls a comparison
    assert forecast("--set", "rounds=2") == 2 * 30 * 2 * 2
    assert forecast("--set", "prompts.train.params.n=4") == 4 * 3 * 2 * 2
    assert forecast("--set", "evaluation.second_opinions=0") == 0


def test_too_many_failures_of_the_second_judge_name_its_own_setting(
    two_judges: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play(two_judges, "--set", "evaluation.judge.model.params.broken=0.5") == 2
    told = capsys.readouterr().err
    assert "evaluation judge calls failed" in told
    assert "or raise evaluation.judge.max_failures" in told


def test_pairs_that_exist_already_get_a_second_opinion_too(
    two_judges: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": f"q{i}", "response_a": f"0.{i}", "response_b": "0.5"} for i in range(40)]
    pairs = two_judges.folder / "pairs.jsonl"
    pairs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe, run = str(two_judges.folder / "toy.yaml"), str(two_judges.folder / "run")
    command = ["judge", recipe, "--pairs", str(pairs), "--run-dir", run, "--allow-local-code"]
    assert main([*command, "--json"]) == 0
    judge = json.loads(capsys.readouterr().out)["judge"]
    assert 20 < judge["measures"]["train"]["evaluation_judge_kappa"]["n"] <= 30


def test_the_sample_is_random_of_what_is_decided_and_always_the_same(ledger: Ledger) -> None:
    pairs = judged(ledger, lambda a, b: None if "a" in (a.text[0], b.text[0]) else 0.9)
    decided = {(pair.a.id, pair.b.id) for pair in pairs if pair.p_a is not None}
    assert 0 < len(decided) < len(pairs)
    some = [(a.id, b.id) for _, (a, b) in drawn(ledger, 0, 20, seed=1)]
    assert len(set(some)) == 20
    assert set(some) <= decided
    assert some == [(a.id, b.id) for _, (a, b) in drawn(ledger, 0, 20, seed=1)]
    assert some != [(a.id, b.id) for _, (a, b) in drawn(ledger, 0, 20, seed=2)]
    assert {(a.id, b.id) for _, (a, b) in drawn(ledger, 0, 10_000, seed=1)} == decided


def test_a_probe_tries_one_judge(two_judges: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, run = str(two_judges.folder / "toy.yaml"), str(two_judges.folder / "run")
    command = ["probe", recipe, "injections", "--run-dir", run, "--allow-local-code"]
    assert main([*command, "--json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert told["probe"]["cases"] > 30
    assert "second_opinion" not in told["seconds"]
