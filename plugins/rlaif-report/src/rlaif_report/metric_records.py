"""Metric records of metrics.json: figures that say themselves how they are called and shown.

They stand under `records` of a section, by group (of a judge: by split), then by name, and have the
fields of `rlaif_core.api.Metric`. Metrics of any evaluator, judge metric or optimizer are shown by
their records alone. `chart` is one of:

- interval: a share with its interval, on an axis from 0 to 1.
- before_after: the baseline and the value, as text in the table.
- line, scatter: `details["points"]`, pairs [x, y], at most 40; a line joins them. Optional beside
  it: `names`, a word for each point, and `x_label`.
- bars: `details["bars"]`, pairs [name, value] with values of at least 0, at most 40.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_core.api import metrics_of
from rlaif_report.charts import Interval, Plot, Scale
from rlaif_report.figures import PERCENT, ends, is_number, number, share, signed, tick
from rlaif_report.metric_labels import label

NOT_MEASURED = "not_measured"
"""The key of a round's metrics that are missing, by group."""

RECORDS = "records"
"""The key of a section's records."""

SHARE = "share"
"""The unit of a value in [0, 1] that is shown in percent."""

MOST = 40
"""Points or bars of a chart: more cannot be distinguished."""


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """A record, checked, with what is missing filled in.

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
        baseline: The same figure of what it is compared with; None without one.
        group: The table it stands in.
        chart: How it is drawn; empty if it is not.
        headline: Whether it stands at the top of the page.
        details: What else belongs to it, JSON values.
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
    baseline: float | None
    group: str
    chart: str
    headline: bool
    details: Mapping[str, Any]

    def _write(self, value: float) -> str:
        return share(value) if self.unit == SHARE else number(value)

    @property
    def value_text(self) -> str:
        """The value, after its baseline if it has one."""
        text = self._write(self.value)
        return text if self.baseline is None else f"{self._write(self.baseline)} → {text}"

    @property
    def note(self) -> str:
        """Its interval, its unit and its change from the baseline."""
        parts = [self.unit] if self.unit not in ("", SHARE) else []
        if self.low is not None and self.high is not None:
            parts.append(f"95{PERCENT} interval {self._ends(self.low, self.high)}")
        if self.baseline is not None:
            parts.append(f"{signed(self.value - self.baseline)} against the base")
        return ", ".join(parts)

    @property
    def text(self) -> str:
        """The value with its interval, its unit and its baseline."""
        text = self._write(self.value)
        if self.low is not None and self.high is not None:
            text = f"{text} ({self._ends(self.low, self.high)})"
        if self.unit not in ("", SHARE):
            text = f"{text} {self.unit}"
        if self.baseline is not None:
            change = signed(self.value - self.baseline)
            text = f"{self._write(self.baseline)} → {text}, {change}"
        return text

    def _ends(self, low: float, high: float) -> str:
        return ends(self._write(low), self._write(high))

    @property
    def basis(self) -> str:
        """The number of items it is computed from; empty if that is not known."""
        return "" if self.n is None else f"{number(self.n)} {self.items}"


@dataclass(frozen=True, slots=True)
class Bars:
    """Named values as bars, each with its share of the longest."""

    title: str
    bars: list[tuple[str, str, float]]


@dataclass(frozen=True)
class MetricGroup:
    """The metrics of one group, as a table and charts."""

    name: str
    metrics: list[MetricRecord]

    @property
    def intervals(self) -> list[Interval]:
        """The shares that are drawn with their intervals."""
        return [
            Interval(metric.label, metric.value, metric.low, metric.high)
            for metric in self.metrics
            if metric.chart == "interval"
            and metric.low is not None
            and metric.high is not None
            and 0.0 <= metric.low <= metric.value <= metric.high <= 1.0
        ]

    @property
    def plots(self) -> list[Plot]:
        """The lines and scatters."""
        drawn = (_plot(metric) for metric in self.metrics if metric.chart in ("line", "scatter"))
        return [plot for plot in drawn if plot is not None]

    @property
    def bars(self) -> list[Bars]:
        """The bar charts."""
        drawn = [_bars(metric) for metric in self.metrics if metric.chart == "bars"]
        return [chart for chart in drawn if chart.bars]


def records(section: Any) -> Iterator[MetricRecord]:
    """The records of a section; what is no record is passed over.

    Of a run whose metrics had no records yet, they are made from the figures of its policy.
    """
    groups = section.get(RECORDS) if isinstance(section, Mapping) else None
    if groups is None and isinstance(section, Mapping) and isinstance(section.get("policy"), dict):
        made = metrics_of({"policy": section["policy"]})
        groups = {"policy": {metric.name: metric.record() for metric in made}}
    for group, members in _items(groups):
        for name, record in _items(members):
            if is_number(_mapping(record).get("value")):
                yield _record(name, group, _mapping(record))


def missing(section: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(label, reason) of what an evaluator could not measure; of what came out null, no reason."""
    for _, members in _items(section.get(NOT_MEASURED)):
        for name, member in _items(members):
            found = _mapping(member)
            yield str(found.get("label") or label(name)), str(found.get("reason") or "")

    for _, members in _items(section.get(RECORDS)):
        for name, member in _items(members):
            if not is_number(_mapping(member).get("value")):
                yield str(_mapping(member).get("label") or label(name)), ""


def metric_groups(section: Any) -> list[MetricGroup]:
    """The metrics of a section by group, in the order in which they were measured."""
    by_group: dict[str, list[MetricRecord]] = {}
    for record in records(section):
        by_group.setdefault(record.group, []).append(record)
    return [MetricGroup(name, members) for name, members in by_group.items()]


def _record(name: str, group: str, record: Mapping[str, Any]) -> MetricRecord:
    low, high, n, baseline = (record.get(key) for key in ("low", "high", "n", "baseline"))
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
        baseline if is_number(baseline) else None,
        group,
        str(record.get("chart") or ""),
        bool(record.get("headline")),
        _mapping(record.get("details")),
    )


def _plot(metric: MetricRecord) -> Plot | None:
    points = [point for point in _pairs(metric.details.get("points")) if is_number(point[0])]
    if len(points) < 2:
        return None
    names = metric.details.get("names")
    named = names if isinstance(names, list) and len(names) == len(points) else [""] * len(points)
    joined = metric.chart == "line"  # the names of its points say where they stand
    xs, ys = zip(*points, strict=True)
    place = Scale(min(xs), max(xs), min(ys), max(ys))
    return Plot(
        metric.label,
        str(metric.details.get("x_label") or ""),
        [place(*point) for point in points],
        [str(name) for name in named],
        tick(min(ys)),
        tick(max(ys)),
        *(("", "") if joined and any(named) else (tick(min(xs)), tick(max(xs)))),
        joined=joined,
    )


def _bars(metric: MetricRecord) -> Bars:
    bars = [(str(name), value) for name, value in _pairs(metric.details.get("bars")) if value >= 0]
    longest = max((value for _, value in bars), default=0.0) or 1.0
    return Bars(metric.label, [(name, number(value), value / longest) for name, value in bars])


def _pairs(value: Any) -> list[tuple[Any, float]]:
    """The first `MOST` pairs whose second element is a number."""
    listed = value if isinstance(value, list) else []
    pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2]
    return [(first, float(second)) for first, second in pairs if is_number(second)][:MOST]


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    yield from ((str(key), item) for key, item in _mapping(value).items())


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
