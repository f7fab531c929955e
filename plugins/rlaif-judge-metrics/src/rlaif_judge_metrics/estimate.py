"""What a measure comes to: an estimate, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlaif_stats.intervals import Estimate

JSON = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """A figure with its interval.

    Attributes:
        estimate: The value, its 95 % interval, and how many items it stands on.
        details: What else belongs to it (a p-value, what it was held against), JSON values.
    """

    estimate: Estimate
    details: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> JSON:
        """`{"value", "low", "high", "n", …}`; no ends where the data leave none."""
        one = self.estimate
        ends = {"low": one.low, "high": one.high}
        known = ends if all(map(math.isfinite, ends.values())) else {}
        return {"value": one.value, **known, "n": one.n, **self.details}


@dataclass(frozen=True)
class NotMeasured:
    """Why a figure is missing, and if it can be had, how."""

    reason: str


Findings = dict[str, Measured | NotMeasured]


def section(split: str, findings: Findings) -> JSON:
    """The findings as a part of the `judge` section of metrics.json.

    A value that is not finite is no measurement: labels that are all alike have no kappa.
    """
    measured: JSON = {}
    missing: JSON = {}
    for name, one in findings.items():
        if isinstance(one, NotMeasured):
            missing[name] = one.reason
        elif not math.isfinite(one.estimate.value):
            missing[name] = "every label is the same: chance alone would agree as much"
        else:
            measured[name] = one.json()
    return {"measures": {split: measured}, "not_measured": {split: missing}}
