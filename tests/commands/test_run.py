"""A whole run in the toy world: what it writes, and how it answers to interruptions."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from rlaif_core.store.run_dir import RunFolder
from tests.support.fixtures import Toy


def test_a_run_writes_what_it_promises(toy: Toy) -> None:
    done = toy.run("--json")
    assert done.returncode == 0, done.stderr
    metrics = json.loads(done.stdout)
    assert metrics == toy.metrics()
    (number,) = metrics["rounds"]
    assert number["responses"] == 36
    assert number["comparisons"] == 12 * 3 * 2 * 2
    assert number["verdicts"] + number["abstentions"] == number["comparisons"]
    assert number["preferences"] == len(toy.preferences()) > 0
    assert number["candidates"] >= number["preferences"]
    assert metrics["prompts"] == {"train": 12, "heldout": 6, "shared": 0}
    assert 0.0 <= number["judge"]["position_consistency"] <= 1.0
    assert set(number["policy"]["gold_score"]) == {"before", "after"}
    assert metrics["cost"]["calls"] == len(toy.asked()) == len(set(toy.asked()))
    assert metrics["cost"]["prompt_tokens"] == 10 * metrics["cost"]["calls"]
    assert set(metrics["seconds"]) == {
        "prompts",
        "sample",
        "judge",
        "select",
        "optimize",
        "evaluate",
    }
    for name in ("recipe.yaml", "manifest.json", "ledger.sqlite", "report.html"):
        assert (toy.folder / "run" / name).stat().st_size > 0
    manifest = json.loads((toy.folder / "run" / "manifest.json").read_text())
    assert len(manifest["components"]["judge"]["sha256"]) == 64
    assert "log" in manifest["components"]["models.judge"]["chosen"]


def test_every_response_pair_ends_as_a_preference_or_with_a_reason(toy: Toy) -> None:
    assert toy.run().returncode == 0
    (number,) = toy.metrics()["rounds"]
    lost = sum(n for why, n in number["dropped"].items() if why != "prompt without a decided pair")
    undecided = 12 * 3 - number["preferences"] - lost
    assert undecided >= 0
    rows = toy.preferences()
    assert all(0.5 < row["p_chosen"] <= 1.0 for row in rows)
    assert all(abs(row["margin"] - (2 * row["p_chosen"] - 1)) < 1e-12 for row in rows)
    assert {row["votes"] for row in rows} == {4}


def test_running_again_asks_nothing_and_changes_nothing(toy: Toy) -> None:
    assert toy.run().returncode == 0
    before, metrics = toy.asked(), toy.metrics()
    assert toy.run().returncode == 0
    assert toy.asked() == before
    assert toy.metrics()["rounds"] == metrics["rounds"]


def test_a_local_run_killed_at_random_moments_ends_like_a_calm_one(toy: Toy) -> None:
    """A remote one: test_faults_kill.py."""
    settings = "batch: 8, pause: 0.004"
    toy.write(policy=settings, judge=settings, n=24)
    assert toy.run(run_dir="calm").returncode == 0
    toy.log.unlink()
    clock = random.Random(8)
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(
            toy.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(0.5 + 0.5 * clock.random())
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        else:
            break
    assert kills >= 1
    assert toy.run().returncode == 0

    assert toy.preferences() == toy.preferences("calm")
    with sqlite3.connect(toy.folder / "run" / "ledger.sqlite") as ledger:
        kept = ledger.execute("SELECT count(*) FROM calls").fetchone()[0]
    asked = Counter(toy.asked())
    assert len(asked) == kept
    in_flight = 8 * 8
    assert sum(asked.values()) - kept <= kills * in_flight


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(toy: Toy) -> None:
    toy.write(policy="pause: 0.05", judge="pause: 0.05", n=40)
    process = subprocess.Popen(toy.command(), stderr=subprocess.PIPE, text=True)
    while len(toy.asked()) < 10:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Go on with: rlaif run" in told
    assert "Traceback" not in told
    asked = toy.asked()
    assert toy.run("--set", "models.judge.params.pause=0", "--accept-changes").returncode == 0
    assert len(toy.asked()) == len(set(toy.asked())) > len(asked)


def test_a_spent_budget_ends_the_run_which_goes_on_with_a_larger_one(toy: Toy) -> None:
    ended = toy.run("--set", "budget.calls=10")
    assert ended.returncode == 2
    (error,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert error.startswith("error: budget.calls is 10 and ")
    assert error.endswith("To go on: --set budget.calls=… --accept-changes")
    asked = toy.asked()
    assert 10 <= len(asked) < 10 + 8  # what was in flight
    again = toy.run("--set", "budget.calls=10")
    assert again.returncode == 2
    assert toy.asked() == asked
    assert toy.run("--set", "budget.calls=10000", "--accept-changes").returncode == 0
    assert toy.asked()[: len(asked)] == asked
    assert len(toy.asked()) == len(set(toy.asked()))


def test_a_directory_in_use_is_refused(toy: Toy) -> None:
    holder = RunFolder(toy.folder / "run")
    try:
        refused = toy.run()
    finally:
        holder.close()
    assert refused.returncode == 2
    assert "is in use by another run" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_a_changed_recipe_is_said_with_what_differs_and_how_to_go_on(toy: Toy) -> None:
    assert toy.run().returncode == 0
    asked = len(toy.asked())
    refused = toy.run("--set", "judge.votes=1")
    assert refused.returncode == 2
    assert "judge.votes: 2 -> 1" in refused.stderr
    assert "--accept-changes" in refused.stderr
    assert len(toy.asked()) == asked


def test_a_judge_without_a_model_is_not_asked_again_for_what_was_kept(toy: Toy) -> None:
    log = toy.folder / "judge.log"
    judge = [
        "--set",
        f'judge={{use: "./toy.py:Longer", params: {{log: {log}}}}}',
    ]
    dying = toy.run(
        *judge, "--set", "judge.params.die_after=300", "--set", "prompts.train.params.n=80"
    )
    assert dying.returncode == 1
    rerun = toy.run(*judge, "--set", "prompts.train.params.n=80", "--accept-changes")
    assert rerun.returncode == 0, rerun.stderr
    asked = Counter(log.read_text().splitlines())
    kept_window = 256 // 2 * 2
    assert sum(count == 1 for count in asked.values()) >= kept_window


def test_two_rounds_train_the_second_policy_from_the_first(toy: Toy) -> None:
    assert toy.run("--set", "rounds=2").returncode == 0
    rounds = toy.metrics()["rounds"]
    assert [row["round"] for row in rounds] == [0, 1]
    second = json.loads((toy.folder / "run/round-1/policy/policy.json").read_text())
    assert second["checkpoint"] == str(toy.folder / "run/round-0/policy")


def test_a_read_only_directory_is_one_clear_line(toy: Toy) -> None:
    blocked = toy.folder / "file"
    blocked.write_text("not a directory")
    refused = toy.run(run_dir="file/run")
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "--run-dir" in refused.stderr


def test_a_damaged_ledger_is_one_clear_line(toy: Toy) -> None:
    Path(toy.folder, "run").mkdir()
    Path(toy.folder, "run", "ledger.sqlite").write_bytes(b"this is no database" * 400)
    refused = toy.run()
    assert refused.returncode == 2
    assert "damaged" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_older_ledger_is_not_touched(toy: Toy) -> None:
    assert toy.run().returncode == 0
    with sqlite3.connect(toy.folder / "run" / "ledger.sqlite") as ledger:
        ledger.execute("PRAGMA user_version=99")
    refused = toy.run()
    assert refused.returncode == 2
    assert "ledger version 99" in refused.stderr


def test_a_key_that_is_missing_at_the_end_is_missed_at_the_start(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rlaif_anthropic")
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    model = "{use: anthropic, params: {model: claude-haiku-4-5}}"
    judge = f'evaluation.judge={{use: "./toy.py:Judge", model: {model}}}'
    refused = toy.run("--set", judge)
    assert refused.returncode == 2
    assert "set the environment variable ANTHROPIC_API_KEY" in refused.stderr
    assert not toy.asked()
