"""Metric names with their units: TRL's `kl` is a mean per token or a sum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class NamedUnits:
    """A TRL trainer whose logs name the unit of ambiguous metrics."""

    names: ClassVar[Mapping[str, str]] = {"entropy": "entropy_per_token"}
    """TRL's name of a metric, and its name in our logs; all are in nats."""

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log under `names` instead of TRL's."""
        me: Any = self  # the trainers have no types
        measured = me._metrics["train" if me.model.training else "eval"]
        for trl, name in self.names.items():
            if trl in measured:
                measured[name] = measured.pop(trl)
        parent: Any = super()
        parent.log(logs, start_time)
