"""The `judge` section of metrics.json: judge metrics by split, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rlaif_core.api.metric import Metric, Missing

JSON = dict[str, Any]


def section(split: str, found: Iterable[Metric | Missing]) -> JSON:
    """Metrics as their figures, their records, and the reasons of those that are missing."""
    figures: JSON = {}
    records: JSON = {}
    missing: JSON = {}
    for metric in found:
        if isinstance(metric, Missing):
            missing[metric.name] = metric.reason
        else:
            figures[metric.name], records[metric.name] = metric.figure(), metric.record()
    if not (figures or missing):
        return {}
    return {
        "measures": {split: figures},
        "not_measured": {split: missing},
        "records": {split: records},
    }


def warnings(part: Mapping[str, Any]) -> list[str]:
    """A line for each metric outside its bounds, from a `judge` section with records."""
    return [
        f"on held-out pairs, {line}" if split == "evaluation" else line
        for split, records in part.get("records", {}).items()
        for record in records.values()
        if (line := Metric.of(record).warning())
    ]
