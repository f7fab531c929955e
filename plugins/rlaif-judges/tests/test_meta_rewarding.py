"""The README's round of Meta-Rewarding, played by the real command with a toy policy."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text(encoding="utf-8")
TOY = ["policy.use=./toy.py:Policy", "optimizer.use=./toy.py:Copy"]


def play(folder, recipe, *overrides):
    command = [sys.executable, "-m", "rlaif_core.cli", "run", recipe, "--allow-local-code"]
    for override in (*TOY, *overrides):
        command += ["--set", override]
    command += ["--run-dir", f"runs/{Path(recipe).stem}", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = pq.read_table(folder / "runs" / Path(recipe).stem / "round-0" / "preferences")
    return json.loads(done.stdout), rows.to_pylist()


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("meta-rewarding")
    for name in ("actor.yaml", "judge.yaml"):
        text = re.search(rf'```yaml title="{name}"\n(.*?)^```$', README, re.M | re.S)[1]
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(HERE / "toy.py", folder)
    with (folder / "prompts.jsonl").open("w", encoding="utf-8") as file:
        for number in range(24):
            print(json.dumps({"id": f"p{number}", "prompt": f"Question {number}?"}), file=file)
    actor = play(folder, "actor.yaml", "optimizer.params={}", "judge.params.samples=3")
    judge = play(folder, "judge.yaml", "optimizer.params={}", "sampler.params.n=5")
    return actor, judge


def worth(text):
    return int(re.search(r"worth (\d)", text)[1])


def points(row, side):
    return int(re.search(r"Score: (\d)$", row[side][0]["content"])[1])


def test_the_actors_round_prefers_what_is_worth_more(played):
    (_, rows), _ = played
    assert len(rows) > 12
    gains = [worth(r["chosen"][0]["content"]) - worth(r["rejected"][0]["content"]) for r in rows]
    assert sum(gains) / len(gains) > 1


def test_the_judges_round_trains_on_judging_questions(played):
    (_, actor), (_, rows) = played
    assert rows
    for row in rows:
        (turn,) = row["prompt"]
        assert turn["role"] == "user"
        assert turn["content"].startswith("You are given a prompt and a response to it.")
    told = {row[side][0]["content"] for row in actor for side in ("chosen", "rejected")}
    assert all(any(response in r["prompt"][0]["content"] for response in told) for r in rows)


def test_one_response_to_each_prompt_is_judged_on(played):
    (_, actor), (metrics, rows) = played
    questions = [row["prompt"][0]["content"] for row in rows]
    assert len(set(questions)) == len(questions)
    assert metrics["rounds"][0]["responses"] == 5 * len({row["prompt_id"] for row in actor})


def test_the_better_judgment_is_preferred(played):
    _, (_, rows) = played
    for row in rows:
        true = worth(row["prompt"][0]["content"])
        assert abs(points(row, "chosen") - true) < abs(points(row, "rejected") - true)


def test_no_question_is_paid_for_twice(played):
    """Each of 48 questions has 5 judgments, though two siblings ask for all of both."""
    (_, actor), (metrics, _) = played
    prompts = len({row["prompt_id"] for row in actor})
    meta = 2 * sum(range(5)) * prompts
    assert metrics["cost"]["calls"] <= 2 * 5 * prompts + meta
