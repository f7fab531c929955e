"""Figures named by what they are counted by: TRL says `kl` of a mean per token and of a sum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Named:
    """A TRL trainer whose logs say the unit of what could be taken for another one."""

    names: ClassVar[Mapping[str, str]] = {"entropy": "entropy_per_token"}
    """TRL's name of a figure, and the one that it is logged under; all are in nats."""

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log, with `names` in the place of TRL's."""
        me: Any = self  # the trainers have no types
        measured = me._metrics["train" if me.model.training else "eval"]
        for trl, name in self.names.items():
            if trl in measured:
                measured[name] = measured.pop(trl)
        parent: Any = super()
        parent.log(logs, start_time)
