"""Kill -9 at any moment: the same command finishes, and nothing acknowledged is asked again."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from rlaif_core.testing.loopback import Answer, Loopback, Received
from tests.support.forking import alive, forking, kill
from tests.support.toy import number

KILLS, WHILE_SAMPLING = 25, 5
FAULTY = 0.3
IN_FLIGHT = 12
RECIPE = """
api: 1
name: killed
seed: 5
rounds: {{n: 2}}
policy: {{use: "./toy.py:ToyModel", params: {{log: {log}, faults: 0.3}}}}
models:
  judge: {{use: openai, params: {{model: judge, base_url: "{url}/v1", concurrency: 12}}}}
prompts:
  train: {{use: "./toy.py:Prompts", params: {{n: 32}}}}
sampler: {{use: "./toy.py:Answers"}}
judge: {{use: pairwise, model: judge, votes: 3, adaptive: 0.8, params: {{reasoning: false}}}}
pairing: {{use: "./toy.py:Every"}}
optimizer: {{use: "./toy.py:Copy"}}
calls: {{attempts: 12}}
"""

Question = tuple[str, int]
"""What is asked, and the seed."""


class Service:
    """Answers by content alone, and three times in ten does not answer at all.

    Attributes:
        asked: Every question, in the order in which it came.
        victim: The process to kill once so many more questions have come; 0 for none.
        fuse: How many.
    """

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.victim = self.fuse = 0
        self._tries: Counter[Question] = Counter()

    def answer(self, request: Received) -> Answer:
        body = request.json
        question = (body["messages"][-1]["content"], body["seed"])
        self.asked.append(question)
        self.fuse -= 1
        if self.victim and self.fuse <= 0:
            self.victim = kill(self.victim)
        self._tries[question] += 1
        chance = number("fault", *question, self._tries[question])
        if chance < FAULTY:
            return self._fault(chance / FAULTY)
        said = {
            "preference": "A" if number(*question) < 0.5 else "B",
            "confidence": 0.5 + number("sure", *question) / 2,
        }
        return Answer(body=completion(json.dumps(said)), delay=0.002)

    @staticmethod
    def _fault(kind: float) -> Answer:
        soon = {"retry-after-ms": "3"}
        if kind < 0.3:
            return Answer(500, {"error": {"message": "broken"}}, soon)
        if kind < 0.6:
            return Answer(429, {"error": {"message": "too many"}}, soon)
        if kind < 0.9:
            return Answer(503, b"<html>no JSON</html>", soon)
        if kind < 0.94:
            return Answer(fault="reset")
        if kind < 0.97:
            return Answer(body=completion("half of"), fault="truncated")
        return Answer(body=b'{"choices": [')


SERVICE_RECIPE = """
api: 1
judge:
  use: pairwise
  params: {{reasoning: false}}
  model:
    use: {model}
    params: {{model: judge, base_url: "{url}", api_key: "${{env:JUDGE_KEY}}"}}
"""
"""A judge behind a service, to be given `model` and `url`."""


def completion(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {}}


@dataclass(frozen=True)
class Kept:
    """What a ledger holds answers to: questions to the judge, and keys of those to the policy."""

    judge: frozenset[Question]
    policy: frozenset[str]

    @classmethod
    def by(cls, ledger: Path) -> Kept:
        if not ledger.exists():
            return cls(frozenset(), frozenset())
        with sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True) as db:
            there = db.execute("SELECT 1 FROM sqlite_master WHERE name='calls'").fetchone()
            rows = db.execute("SELECT model, key, request FROM calls").fetchall() if there else []
        asked = [json.loads(text) for model, _, text in rows if model.startswith("openai")]
        return cls(
            frozenset((request["messages"][-1][1], request["seed"]) for request in asked),
            frozenset(key for model, key, _ in rows if model.startswith("toy")),
        )


def preferences(folder: Path) -> list[dict[str, Any]]:
    return [
        row
        for number in (0, 1)
        for row in pq.read_table(folder / f"round-{number}" / "preferences").to_pylist()
    ]


def lines(log: Path) -> list[str]:
    """Keys of the questions that the policy answered."""
    return log.read_text().splitlines() if log.exists() else []


def wait_until(met: Callable[[], bool], said: Path) -> None:
    end = time.monotonic() + 60.0
    while not met():
        assert time.monotonic() < end, f"the run has ended or hangs: {said.read_text()[-2000:]}"
        time.sleep(0.001)


def test_a_run_killed_25_times_ends_like_a_calm_one_and_repeats_nothing(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "support" / "toy.py", tmp_path)
    log, clock, service = tmp_path / "calls.log", random.Random(11), Service()
    killed: list[tuple[int, int, Kept]] = []
    with Loopback(service.answer, remember=False) as server, forking(tmp_path / "said") as runs:
        recipe = tmp_path / "killed.yaml"
        recipe.write_text(RECIPE.format(url=server.url, log=log))
        command = ["run", str(recipe), "--allow-local-code", "--run-dir"]
        run = tmp_path / "run"

        while len(killed) < KILLS:
            process = runs.start(*command, str(run))
            if len(killed) < WHILE_SAMPLING:
                before = len(lines(log))
                wait_until(lambda before=before: len(lines(log)) > before, runs.log)
                time.sleep(0.01 * clock.random())
                kill(process)
            else:
                service.fuse, service.victim = clock.randint(1, 24), process
                wait_until(lambda: not service.victim, runs.log)
            wait_until(lambda process=process: not alive(process), runs.log)
            known = Kept.by(run / "ledger.sqlite")
            killed.append((len(service.asked), len(lines(log)), known))

        rlaif = [sys.executable, "-m", "rlaif_core.cli"]
        done = subprocess.run([*rlaif, *command, str(run)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        asked, sampled = list(service.asked), lines(log)
        calm = subprocess.run(
            [*rlaif, *command, str(tmp_path / "calm")], capture_output=True, text=True
        )
        assert calm.returncode == 0, calm.stderr

    assert preferences(run) == preferences(tmp_path / "calm")
    answered, last = Kept.by(run / "ledger.sqlite"), killed[-1][2]
    assert last.judge, "the last kill came before the judge was asked"
    assert last.judge < answered.judge, "the last kill came after the judge was asked"
    for seen, drawn, acknowledged in killed:
        assert acknowledged.judge <= answered.judge
        assert acknowledged.policy <= answered.policy
        assert not acknowledged.judge & set(asked[seen:])
        assert not acknowledged.policy & set(sampled[drawn:])
