"""`Run`: one run directory, read beside whoever writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from typing_extensions import Self

from rlaif_core.api.errors import RunError
from rlaif_core.runs.files import read_json, read_text
from rlaif_core.store.ledger import Reader
from rlaif_core.store.ledger.listing import Listing
from rlaif_core.store.ledger.records import Cost, StageRecord
from rlaif_core.store.stage_costs import Spent, spent_by_stage


class Run(Listing):
    """A run directory, read-only.

    Rounds count from 0. Splits are "train" and "heldout" for prompts; "train", "before" (the
    base's held-out responses) and "after" (those of the round's policy) for responses; "train",
    "evaluation" (held-out pairs) and "second" (training pairs judged by a second judge) for votes
    and pairs.

    Iterators stream. To read a page, give `limit`, and as `after` the key of the last element of
    the page before. Every call sees what was committed when it began: of a run that goes on, later
    pages may hold more. Use an instance in the thread that opened it.

    Args:
        path: The run directory.
        ledger: Its ledger, which `close` closes; None if there is none, and then what stands in
            the ledger is empty.
    """

    def __init__(self, path: Path, ledger: Reader | None) -> None:
        self.path = path
        self.has_ledger = ledger is not None
        self._ledger = ledger or Reader(Path(":memory:"))
        super().__init__(self._ledger.rows.read)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a run directory: of `rlaif run`, `judge` or `compare`, finished or going on.

        Raises:
            RunError: If there is no run in it, or its ledger cannot be read.
        """
        folder = Path(path)
        ledger = folder / "ledger.sqlite"
        if ledger.is_file():
            return cls(folder, Reader(ledger, readonly=True))
        if not (folder / "metrics.json").is_file():
            raise RunError(
                f"{folder} is no run directory: it has neither metrics.json nor ledger.sqlite; "
                "name the --run-dir of a run"
            )
        return cls(folder, None)

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def metrics(self) -> Mapping[str, Any] | None:
        """metrics.json; None while a run goes on, or if it was stopped before its end."""
        return read_json(self.path / "metrics.json")

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """manifest.json; empty if there is none."""
        return read_json(self.path / "manifest.json") or {}

    @cached_property
    def recipe(self) -> str:
        """The text of recipe.yaml; empty if there is none."""
        return read_text(self.path / "recipe.yaml") or ""

    @cached_property
    def sections(self) -> Mapping[str, Any]:
        """The recipe as data; empty if it is no YAML mapping."""
        try:
            data = yaml.safe_load(self.recipe)
        except yaml.YAMLError:
            return {}
        return data if isinstance(data, Mapping) else {}

    @property
    def name(self) -> str:
        """The name that the recipe gives to the run, or else that of the directory."""
        return str(self.manifest.get("name") or self.sections.get("name") or self.path.name)

    def measured(self) -> dict[str, Any]:
        """Content of metrics.json if a run of `rlaif run` ended now, from its ledger."""
        from rlaif_core.metrics.run import run_metrics

        rounds = self.rounds()
        return run_metrics(self._ledger, rounds[-1] + 1 if rounds else 0)

    @property
    def is_comparison(self) -> bool:
        """True if `rlaif compare` made it: then its pairs are of policies."""
        return self._ledger.meta("contest") is not None

    def policy_names(self) -> dict[str, str]:
        """Names of the policies by the identity of their model: "base", "policy of round 0".

        A policy is known by the held-out responses it wrote. A round that changed nothing leaves
        the name that its policy had before. `rlaif compare` keeps what its user calls them.
        """
        names: dict[str, str] = json.loads(self._ledger.meta("policies") or "{}")
        names |= dict.fromkeys(self._authors(0, "before"), "base")
        for number in self.rounds():
            for identity in self._authors(number, "after"):
                names.setdefault(identity, f"policy of round {number}")
        return names

    def _authors(self, round_index: int, split: str) -> list[str]:
        return sorted(set(self.authors(round_index, split).values()) - {""})

    def rounds(self) -> list[int]:
        """Every round that has left a trace."""
        return self._ledger.rounds()

    def stages(self) -> list[StageRecord]:
        """Every stage begun, with its figures and seconds."""
        return self._ledger.stages()

    def stage(self, round_index: int, stage: str) -> StageRecord:
        """One stage; without figures and not done if it never began."""
        return StageRecord(round_index, stage, *self._ledger.stage(round_index, stage))

    def stage_costs(self) -> list[Spent]:
        """Spending of each stage, over all rounds."""
        return spent_by_stage(self._ledger)

    def cost(self) -> Cost:
        """Spending of the run on model calls."""
        return self._ledger.cost()
