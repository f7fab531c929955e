from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from rlaif_core.cli import main
from rlaif_core.store.ledger import Ledger

RECIPE = """
api: 1
name: toy
seed: 3
policy: {{use: "./toy.py:ToyModel", params: {{log: {log}, {policy}}}}}
models:
  judge: {{use: "./toy.py:ToyModel", params: {{log: {log}, path: judge, {judge}}}}}
prompts:
  train: {{use: "./toy.py:Prompts", params: {{n: {n}}}}}
  heldout: {{use: "./toy.py:Prompts", params: {{n: 6, start: 1000}}}}
sampler: {{use: "./toy.py:Answers"}}
judge: {{use: "./toy.py:Judge", model: judge, votes: 2}}
pairing: {{use: "./toy.py:Every"}}
optimizer: {{use: "./toy.py:Copy"}}
evaluators: [{{use: "./toy.py:Gold"}}]
"""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Toy:
    """A folder with the toy world's recipe, run by the real command."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "calls.log"

    def write(self, policy: str = "batch: 1", judge: str = "batch: 1", n: int = 12) -> None:
        text = RECIPE.format(log=self.log, policy=policy, judge=judge, n=n)
        (self.folder / "toy.yaml").write_text(text)

    def command(self, *more: str, run_dir: str = "run") -> list[str]:
        recipe, there = str(self.folder / "toy.yaml"), str(self.folder / run_dir)
        start = [sys.executable, "-m", "rlaif_core.cli", "run", recipe, "--run-dir", there]
        return [*start, "--allow-local-code", *more]

    def run(self, *more: str, run_dir: str = "run") -> Ended:
        """Run the command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("COLUMNS", "200")
            code = main(self.command(*more, run_dir=run_dir)[3:])
        return Ended(code, out.getvalue(), err.getvalue())

    def preferences(self, run_dir: str = "run") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(
            self.folder / run_dir / "round-0" / "preferences"
        ).to_pylist()
        return rows

    def metrics(self, run_dir: str = "run") -> dict[str, Any]:
        return dict(json.loads((self.folder / run_dir / "metrics.json").read_text()))

    def asked(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    shutil.copy(Path(__file__).with_name("toy.py"), tmp_path)
    made = Toy(tmp_path)
    made.write()
    return made


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.sqlite")
    yield made
    made.close()
