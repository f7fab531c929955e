"""Lagrange multipliers of reward constraints, persisted for resume."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from rlaif_stats.objectives import Multiplier


class RewardConstraints:
    """One Lagrange multiplier for each reward with a floor, moved once a call of the scorer.

    Training that goes on from a checkpoint asks once more what it had asked after that checkpoint.
    So every call is written down with where it left the multipliers, and the first call after an
    interruption finds its own place: they stand there as they stood before it.

    Args:
        floors: The least mean that is wanted of each reward, by name.
        file: Where calls are written down; None for nowhere.
    """

    def __init__(self, floors: Mapping[str, float], file: Path | None = None) -> None:
        self._multipliers = {name: Multiplier(floor) for name, floor in floors.items()}
        self._file = file if floors else None
        self._begun = False

    @property
    def values(self) -> dict[str, float]:
        """Each multiplier by its reward's name: what it adds to that reward's weight."""
        return {name: multiplier.value for name, multiplier in self._multipliers.items()}

    def update(self, call: str, rewards: Mapping[str, ArrayLike]) -> dict[str, float]:
        """Move every multiplier; see `Multiplier.update`.

        Args:
            call: Stands for what is scored: equal for a repeated call alone.
            rewards: All rewards of the call by name, those with a floor among them.

        Returns:
            The new `values`.
        """
        if self._file is not None and not self._begun:
            self._go_back_before(call, self._file)
        self._begun = True
        for name, multiplier in self._multipliers.items():
            multiplier.update(rewards[name])
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"call": call, "values": self.values}) + "\n")
        return self.values

    def _go_back_before(self, call: str, file: Path) -> None:
        steps = list(_steps(file))
        # The newest one: a checkpoint is never older than the calls that repeat it.
        again = [index for index, step in enumerate(steps) if step["call"] == call]
        steps = steps[: again[-1]] if again else steps
        if steps:
            for name, value in steps[-1]["values"].items():
                self._multipliers[name].value = value
        file.write_text("".join(json.dumps(step) + "\n" for step in steps), encoding="utf-8")


def _steps(file: Path) -> Iterator[dict[str, Any]]:
    """Steps written down, without a last line that a kill cut short."""
    if file.exists():
        for line in file.read_text("utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)
