"""The toy world's runs within the test's own process."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from rlaif_core.commands.run import run
from rlaif_core.engine.progress import Progress
from rlaif_core.recipe.load import load_recipe
from rlaif_core.store.ledger import Reader
from rlaif_core.store.run_dir import RunFolder

BASE: dict[str, Any] = {
    "api": 1,
    "seed": 3,
    "policy": {"use": "./toy.py:ToyModel"},
    "models": {"judge": {"use": "./toy.py:ToyModel", "params": {"path": "judge"}}},
    "prompts": {
        "train": {"use": "./toy.py:Prompts", "params": {"n": 12}},
        "heldout": {"use": "./toy.py:Prompts", "params": {"n": 6, "start": 1000}},
    },
    "sampler": {"use": "./toy.py:Answers"},
    "judge": {"use": "./kinds.py:Sharp"},
    "pairing": {"use": "./toy.py:Every"},
}


class Notes(Progress):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.advanced: dict[str, int] = {}
        self._stage = ""

    def start(self, round_index: int, stage: str, total: int | None) -> None:
        self._stage = stage

    def advance(self, done: int = 1, **figures: float) -> None:
        self.advanced[self._stage] = self.advanced.get(self._stage, 0) + done

    def note(self, line: str) -> None:
        self.notes.append(line)


@dataclass
class Inside:
    folder: Path
    progress: Notes = field(default_factory=Notes)

    def write(self, **sections: Any) -> Path:
        path = self.folder / "toy.yaml"
        path.write_text(yaml.safe_dump({**BASE, **sections}))
        return path

    def run(self, **sections: Any) -> dict[str, Any]:
        recipe = load_recipe(self.write(**sections), allow_local_code=True)
        folder = RunFolder(self.folder / "run")
        try:
            folder.adopt(recipe, accept_changes=True)
            return asyncio.run(run(recipe, folder, self.progress))
        finally:
            folder.close()

    @property
    def ledger(self) -> Reader:
        return Reader(self.folder / "run" / "ledger.sqlite", readonly=True)

    def told(self, round_index: int = 0) -> dict[str, Any]:
        path = self.folder / "run" / f"round-{round_index}" / "policy" / "told.json"
        return dict(json.loads(path.read_text()))


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    for name in ("toy.py", "kinds.py"):
        shutil.copy(Path(__file__).with_name(name), tmp_path)
    return Inside(tmp_path)
