"""Metric records of metrics.json: figures that say themselves how they are called and shown.

They stand under the key `metrics` of a section, as a list of objects. Metrics of any evaluator,
judge metric or optimizer are shown by them alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_report.charts import Interval
from rlaif_report.figures import Figure, ends, is_number, number, share
from rlaif_report.metric_labels import label

METRICS = "metrics"
"""The key of a section's records."""

SHARE = "share"
"""The unit of a value in [0, 1] that is shown in percent."""

INTERVAL = "interval"
"""The chart of a share with its interval on an axis from 0 to 1."""


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """A record with what is missing filled in.

    Attributes:
        name: Its name in the section.
        label: What a page calls it.
        value: The point estimate.
        low: Lower end of the 95 % interval; None without one.
        high: Upper end.
        n: How many items it stands on; None if that is not known.
        unit: What `value` is in; "share" is shown in percent.
        items: What `n` counts.
        description: One sentence; may be empty.
        group: The table it stands in.
        chart: How it is drawn; empty if it is not.
    """

    name: str
    label: str
    value: float
    low: float | None
    high: float | None
    n: int | None
    unit: str
    items: str
    description: str
    group: str
    chart: str

    @property
    def text(self) -> str:
        """The value with its interval and unit."""
        write = share if self.unit == SHARE else number
        text = write(self.value)
        if self.low is not None and self.high is not None:
            text = f"{text} ({ends(write(self.low), write(self.high))})"
        return text if self.unit in ("", SHARE) else f"{text} {self.unit}"

    @property
    def basis(self) -> str:
        """What it stands on; empty if that is not known."""
        return "" if self.n is None else f"{number(self.n)} {self.items}"


@dataclass(frozen=True)
class MetricGroup:
    """The metrics of one group, as a table and charts."""

    name: str
    figures: list[Figure]
    intervals: list[Interval]


def records(section: Any) -> Iterator[MetricRecord]:
    """The records of a section; what is no record is passed over."""
    listed = section.get(METRICS) if isinstance(section, Mapping) else None
    for record in listed if isinstance(listed, list) else ():
        if isinstance(record, Mapping) and is_number(record.get("value")):
            yield _record(record)


def groups(section: Any) -> list[MetricGroup]:
    """The metrics of a section by group, in the order in which they were measured."""
    by_group: dict[str, list[MetricRecord]] = {}
    for record in records(section):
        by_group.setdefault(record.group, []).append(record)
    return [_group(name, members) for name, members in by_group.items()]


def _record(record: Mapping[str, Any]) -> MetricRecord:
    name = str(record.get("name") or "")
    low, high, n = (record.get(key) for key in ("low", "high", "n"))
    return MetricRecord(
        name,
        str(record.get("label") or label(name)),
        record["value"],
        low if is_number(low) else None,
        high if is_number(high) else None,
        int(n) if is_number(n) else None,
        str(record.get("unit") or ""),
        str(record.get("items") or "items"),
        str(record.get("description") or ""),
        str(record.get("group") or ""),
        str(record.get("chart") or ""),
    )


def _group(name: str, members: list[MetricRecord]) -> MetricGroup:
    drawn = [
        Interval(record.label, record.value, record.low, record.high)
        for record in members
        if record.chart == INTERVAL
        and record.low is not None
        and record.high is not None
        and 0.0 <= record.low <= record.value <= record.high <= 1.0
    ]
    rows = [Figure(record.name, record.label, record.text) for record in members]
    return MetricGroup(name, rows, drawn)
