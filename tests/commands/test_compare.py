"""`rlaif compare` in the toy world."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlaif_core.cli import main
from tests.support.inside import Inside, inside
from tests.support.reading import Page, written

__all__ = ["inside"]


def compare(inside: Inside, *more: str) -> int:
    recipe = str(inside.write())
    run_dir = str(inside.folder / "compared")
    return main(["compare", *more, "--recipe", recipe, "--allow-local-code", "--run-dir", run_dir])


def told(inside: Inside) -> dict[str, Any]:
    return dict(json.loads((inside.folder / "compared" / "metrics.json").read_text()))


def responses(inside: Inside, prompt: str) -> dict[str, float]:
    from rlaif_core.store.ledger import Reader

    ledger = Reader(inside.folder / "compared" / "ledger.sqlite", readonly=True)
    many = ledger.responses(0, "train")[prompt]
    return {response.model: float(response.text) for response in many}


def identities(inside: Inside) -> dict[str, str]:
    from rlaif_core.store.ledger import Reader

    ledger = Reader(inside.folder / "compared" / "ledger.sqlite", readonly=True)
    named = json.loads(ledger.meta("policies") or "{}")
    return {name: identity for identity, name in named.items()}


def test_every_two_policies_meet_on_every_prompt(inside: Inside) -> None:
    assert compare(inside, "base", "one", "two") == 0
    metrics = told(inside)
    assert [(contest["a"], contest["b"]) for contest in metrics["contests"]] == [
        ("one", "two"),
        ("one", "base"),
        ("two", "base"),
    ]
    for contest in metrics["contests"]:
        drawn = [responses(inside, f"p{i}") for i in range(1000, 1006)]
        pairs = [(by_policy[contest["a"]], by_policy[contest["b"]]) for by_policy in drawn]
        won = [0.5 if a == b else float(a > b) for a, b in pairs]
        assert contest["win_rate"]["value"] == pytest.approx(sum(won) / 6)
        assert contest["win_rate"]["low"] <= contest["win_rate"]["value"]


def test_several_policies_are_ranked_and_scored_by_the_truth(inside: Inside) -> None:
    assert compare(inside, "base", "one", "two") == 0
    metrics = told(inside)
    rated = metrics["policies"]["models"]
    assert {row["model"] for row in rated} == {"base", "one", "two"}
    assert [row["rating"]["value"] for row in rated] == sorted(
        (row["rating"]["value"] for row in rated), reverse=True
    )
    assert set(metrics["gold_score"]) == {"base", "one", "two"}
    for score in metrics["gold_score"].values():
        assert score["low"] < score["value"] < score["high"]
    scores = {name: score["value"] for name, score in metrics["gold_score"].items()}
    for contest in metrics["contests"]:
        gain = contest["gold_gain"]
        assert gain["value"] == pytest.approx(scores[contest["a"]] - scores[contest["b"]])
        assert gain["low"] <= gain["value"] <= gain["high"]
        assert 0 <= contest["gold_win_rate"]["value"] <= 1


def test_a_single_prompt_leaves_no_interval_on_gold(
    inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(inside, "base", "one", "--set", "prompts.heldout.params.n=1") == 0
    score = told(inside)["gold_score"]["one"]
    assert (score["low"], score["high"]) == (None, None)
    assert f"one: gold score {score['value']:.3f}\n" in capsys.readouterr().out


def test_a_policy_of_a_run_draws_what_the_runs_evaluation_drew(inside: Inside) -> None:
    ran = inside.run(
        rounds={"n": 2},
        optimizer={"use": "./toy.py:Copy"},
        evaluators=[{"use": "./toy.py:Gold"}],
    )
    policies = [str(inside.folder / "run" / f"round-{number}" / "policy") for number in (0, 1)]
    assert compare(inside, *policies, "base") == 0
    gold = {name: score["value"] for name, score in told(inside)["gold_score"].items()}
    for number, policy in enumerate(policies):
        measured = ran["rounds"][number]["policy"]["gold_score"]
        assert gold[policy] == pytest.approx(measured["after"])
        assert gold["base"] == pytest.approx(measured["before"])


def test_the_page_calls_the_policies_by_their_names(inside: Inside) -> None:
    assert compare(inside, "base", "one") == 0
    page = Page((inside.folder / "compared" / "report.html").read_text())
    for name in ("base", "one"):
        identity = identities(inside)[name]
        assert f"{name} {identity} 6 " in page.text
    assert "one better than base" in page.text or "base better than one" in page.text
    assert "not selected yet" not in page.text


def test_a_comparison_that_was_stopped_has_a_page_of_its_own_kind(inside: Inside) -> None:
    assert compare(inside, "base", "one") == 0
    (inside.folder / "compared" / "metrics.json").unlink()  # written at the end
    page = Page(written(inside.folder / "compared").read_text())
    assert "Compared policies" in page.text
    assert "Not judged yet" in page.text
    assert "Training run" not in page.text
    assert "Rounds" not in page.headings


def test_prompts_come_from_a_file_if_one_is_named(inside: Inside, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"prompt": "one?"}\n{"prompt": "two?", "id": "second"}\n')
    assert compare(inside, "base", "one", "--prompts", str(prompts)) == 0
    assert told(inside)["contests"][0]["prompts"] == 2
    assert told(inside)["gold_score"] == {}


def test_running_it_again_asks_nothing(inside: Inside, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(inside, "base", "one") == 0
    first = told(inside)
    assert compare(inside, "one", "base") == 0  # the order of the names makes no difference
    assert told(inside)["contests"] == first["contests"]
    assert told(inside)["cost"]["calls"] == first["cost"]["calls"]
    assert "one over base" in capsys.readouterr().out


def test_other_policies_need_another_run_directory(
    inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(inside, "base", "one") == 0
    assert compare(inside, "base", "two") == 2
    assert "choose another --run-dir" in capsys.readouterr().err


@pytest.mark.parametrize("policies", [["base"], ["base", "base"]])
def test_one_policy_alone_is_an_error(
    policies: list[str], inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(inside, *policies) == 2
    assert "at least two policies" in capsys.readouterr().err


def test_what_is_wrong_with_the_judge_is_said(
    inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    (inside.folder / "first.py").write_text(FIRST)
    rows = [{"prompt": f"question {i}"} for i in range(40)]
    prompts = inside.folder / "prompts.jsonl"
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    biased = ["--prompts", str(prompts), "--set", 'judge={use: "./first.py:First"}']
    assert compare(inside, "base", "one", *biased) == 0
    assert capsys.readouterr().err.count("judge, first response preferred: 1.000") == 1


FIRST = """
from rlaif_core.api import PairwiseJudge, Verdict


class First(PairwiseJudge):
    async def compare(self, comparison):
        return Verdict(0.9)
"""


def test_a_policy_that_is_not_there_is_told_before_any_other_is_asked(
    inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(inside, "base", "one", "gone") == 2
    assert capsys.readouterr().err.splitlines()[-1] == "error: gone: no such folder"
    assert not inside.folder.joinpath("compared", "metrics.json").exists()


def test_the_base_is_asked_last_and_the_others_are_reported_over_it(
    inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(inside, "base", "one") == 0
    sampled = [line for line in capsys.readouterr().err.splitlines() if "responses by" in line]
    assert [line.split(" by ")[1].split()[0] for line in sampled] == ["one", "base"]
    assert told(inside)["contests"][0]["b"] == "base"
