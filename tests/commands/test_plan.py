"""`rlaif plan`: the calls it forecasts are the calls that a run makes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rlaif_core.cli import main
from tests.support.fixtures import Toy


def plan(toy: Toy, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    recipe = str(toy.folder / "toy.yaml")
    assert main(["plan", recipe, "--allow-local-code", "--json", *more]) == 0
    return dict(json.loads(capsys.readouterr().out))


def calls(told: dict[str, Any], stage: str) -> int:
    (lines,) = told["plans"].values()
    return sum(line["calls"] for line in lines if line["stage"] == stage)


def test_forecast_calls_are_those_of_the_run(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    told = plan(toy, capsys)
    assert not toy.asked()
    assert calls(told, "sample") == 12 * 3
    assert calls(told, "judge") == 12 * 3 * 2 * 2 * 2  # pairs, orders, votes, calls a comparison
    assert toy.run().returncode == 0
    really = plan(toy, capsys, "--run-dir", str(toy.folder / "run"))["actual"]
    spent = {stage["stage"]: stage["calls"] for stage in really}
    assert spent == {name: calls(told, name) for name in ("sample", "judge", "evaluate")}
    assert sum(spent.values()) == len(toy.asked())


def test_rounds_and_prompts_scale_the_forecast(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    small = plan(toy, capsys)
    large = plan(toy, capsys, "--set", "prompts.train.params.n=120", "--set", "rounds=2")
    assert calls(large, "judge") == 20 * calls(small, "judge")


def test_votes_that_may_be_saved_are_in_the_forecast(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    voting = ["--set", "judge.votes=5", "--set", "judge.adaptive=0.8"]
    told = plan(toy, capsys, *voting)
    assert calls(told, "judge") == 12 * 3 * 2 * 5 * 2  # pairs, orders, votes, calls a comparison
    (lines,) = told["plans"].values()
    told = {line["stage"] for line in lines if "at most: adaptive voting saves some" in line["how"]}
    assert told == {"judge", "evaluate"}


def test_labelling_given_pairs_is_forecast_by_their_number(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": "q", "response_a": f"{i}.1", "response_b": f"{i}.2"} for i in range(70)]
    pairs = toy.folder / "pairs.jsonl"
    pairs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = plan(toy, capsys, "--pairs", str(pairs), "--set", "rounds=3")
    assert not toy.asked()
    (lines,) = told["plans"].values()
    assert [line["stage"] for line in lines] == ["judge"]
    assert lines[0]["how"] == "70 pairs, 4 comparisons each, 2 calls each"
    run = ["judge", str(toy.folder / "toy.yaml"), "--allow-local-code", "--pairs", str(pairs)]
    assert main([*run, "--run-dir", str(toy.folder / "run")]) == 0
    assert calls(told, "judge") == len(toy.asked()) == 70 * 4 * 2


def test_given_pairs_are_judged_in_one_round_by_the_second_judge_too(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": "q", "response_a": f"{i}.1", "response_b": f"{i}.2"} for i in range(40)]
    pairs = toy.folder / "pairs.jsonl"
    pairs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    second = '{use: "./toy.py:Judge", model: policy, votes: 1}'
    settings = ["--set", f"evaluation={{judge: {second}, second_opinions: 20}}"]
    told = plan(toy, capsys, "--pairs", str(pairs), "--set", "rounds=3", *settings)
    assert calls(told, "second_opinion") == 20 * 2 * 2  # pairs, orders, calls a comparison


def test_pairs_need_no_more_than_a_judge(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = toy.folder / "toy.yaml"
    recipe.write_text(
        "api: 1\nmodels: {judge: {use: './toy.py:ToyModel'}}\n"
        "judge: {use: './toy.py:Judge', model: judge}\n"
    )
    pairs = toy.folder / "pairs.jsonl"
    pairs.write_text(json.dumps({"prompt": "q", "response_a": "1", "response_b": "2"}))
    assert calls(plan(toy, capsys, "--pairs", str(pairs)), "judge") == 2 * 2
    pairs.write_text("")
    assert main(["plan", str(recipe), "--allow-local-code", "--pairs", str(pairs)]) == 2
    assert "pairs.jsonl" in capsys.readouterr().err


def test_recipes_are_compared_side_by_side(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = toy.folder / "toy.yaml"
    other = toy.folder / "cheaper.yaml"
    other.write_text(recipe.read_text().replace("votes: 2", "votes: 1"))
    assert main(["plan", str(recipe), str(other), "--allow-local-code"]) == 0
    told = capsys.readouterr().out
    assert str(recipe) in told
    assert str(other) in told
    assert told.count("total") == 2
    judging = told[told.index("judging") :].splitlines()
    assert [line.split()[-4] for line in judging[1:3]] == ["100%", "50%"]


def test_anchors_and_the_evaluation_judge_are_in_the_forecast(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {
            "prompt": f"anchor {i}",
            "response_a": f"0.{i + 20}",
            "response_b": "0.1",
            "label": "ab"[i % 2],
        }
        for i in range(20)
    ]
    (toy.folder / "anchors.jsonl").write_text("\n".join(map(json.dumps, rows)))
    text = (toy.folder / "toy.yaml").read_text()
    text = text.replace("votes: 2}", "votes: 2, calibration: {anchors: anchors.jsonl}}")
    text += 'evaluation: {judge: {use: "./toy.py:Judge", model: judge}}\n'
    text = text.replace('use: "./toy.py:Gold"', "use: win-rate")
    (toy.folder / "toy.yaml").write_text(text)
    told = plan(toy, capsys)
    assert calls(told, "calibrate") == 20 * 2 * 2 * 2  # pairs, orders, votes, calls a comparison
    assert calls(told, "evaluate") == 2 * 6 + 6 * 2 * 2  # responses, then pairs in both orders
    assert toy.run().returncode == 0
    really = plan(toy, capsys, "--run-dir", str(toy.folder / "run"))["actual"]
    assert {stage["stage"]: stage["calls"] for stage in really} == {
        stage: calls(told, stage) for stage in ("sample", "calibrate", "judge", "evaluate")
    }
    assert calls(told, "second_opinion") == 0  # by the same judge: the answers are known


def test_a_stage_that_was_interrupted_counts_every_try(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert toy.run("--set", "budget.calls=100").returncode == 2
    assert toy.run("--accept-changes").returncode == 0
    told = plan(toy, capsys, "--run-dir", str(toy.folder / "run"))
    assert {stage["stage"]: stage["calls"] for stage in told["actual"]}["judge"] == calls(
        told, "judge"
    )


def test_forecast_and_what_came_of_it_stand_beside_each_other(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert toy.run().returncode == 0
    recipe, run = str(toy.folder / "toy.yaml"), str(toy.folder / "run")
    assert main(["plan", recipe, "--allow-local-code", "--run-dir", run]) == 0
    told = capsys.readouterr().out
    assert told.count("100% of the calls") == 4  # sample, judge, evaluate, total


def test_a_run_of_another_recipe_is_held_against_the_forecast_with_a_warning(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert toy.run("--set", "judge.votes=1").returncode == 0
    recipe, run = str(toy.folder / "toy.yaml"), str(toy.folder / "run")
    assert main(["plan", recipe, "--allow-local-code", "--run-dir", run]) == 0
    told = capsys.readouterr().err
    assert f"warning: {run} was made with another recipe: judge.votes: 1 -> 2" in told
    again = ["--set", "judge.votes=1", "--run-dir", run]
    assert main(["plan", recipe, "--allow-local-code", *again]) == 0
    assert "another recipe" not in capsys.readouterr().err


def test_a_folder_without_a_run_is_one_line(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = str(toy.folder / "toy.yaml")
    assert main(["plan", recipe, "--allow-local-code", "--run-dir", str(toy.folder)]) == 2
    assert "holds no run" in capsys.readouterr().err


def test_later_rounds_are_evaluated_against_the_round_before_too(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rlaif_evaluators")
    rounds = ["--set", "evaluators.0.use=win-rate"]
    one, three = plan(toy, capsys, *rounds), plan(toy, capsys, *rounds, "--set", "rounds=3")
    verdicts = 6 * 2 * 2 * 2  # pairs, orders, votes, calls a comparison
    assert calls(one, "evaluate") == 2 * 6 + verdicts
    assert calls(three, "evaluate") == 4 * 6 + 5 * verdicts  # base and policies; 1 + 2 + 2 contests


def test_samples_that_an_evaluator_draws_are_in_the_forecast(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rlaif_evaluators")
    evaluator = "evaluators=[{use: best-of-n, params: {n: [1, 4], samples: 5}}]"
    recipe = toy.folder / "toy.yaml"
    recipe.write_text(recipe.read_text() + 'reward_model: {use: "./kinds.py:Liking"}\n')
    (toy.folder / "kinds.py").write_text(LIKING)
    told = plan(toy, capsys, "--set", evaluator)
    assert calls(told, "evaluate") == 2 * 6 + 5 * 6  # a response each, then the samples


def test_what_cannot_be_forecast_is_named(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(Path(__file__).parents[1] / "support" / "kinds.py", toy.folder)
    recipe = toy.folder / "toy.yaml"
    recipe.write_text(
        recipe.read_text().replace("./toy.py:Copy", "./kinds.py:Learner")
        + "guards: {}\nevaluation: {watch: judge}\n"
    )
    assert main(["plan", str(recipe), "--allow-local-code"]) == 0
    told = capsys.readouterr().out
    assert (
        "on top comes what is asked by its guards and the rewards that its optimizer learns from "
        "and the judge that watches its training."
    ) in told


LIKING = """
from rlaif_core.api import RewardModel


class Liking(RewardModel):
    def fit(self, job):
        raise AssertionError("a plan trains nothing")

    def load(self, checkpoint):
        raise AssertionError("there is nothing to load")

    score = load
"""


def test_the_forecast_says_how_it_came_about(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    (lines,) = plan(toy, capsys, "--set", "prompts.train.params.n=90")["plans"].values()
    assert [(line["stage"], line["calls"], line["how"]) for line in lines] == [
        ("sample", 270, "1 × 90 prompts, 3 responses each, 1 call each"),
        ("judge", 2160, "1 × 90 prompts, 12 comparisons each, 2 calls each"),
        ("evaluate", 12, "1 × 6 held-out prompts, 2 calls each"),
        ("evaluate", 48, "1 × 6 held-out prompts, 8 calls each"),
    ]
