"""`Metric`: a figure with its meaning. Evaluators, judge metrics and trainers return records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Chart = Literal["interval", "before_after", "line", "bars", "scatter"]
"""Ways to draw a metric: its interval, its baseline beside it, or the series in `details`."""

Evidence = Literal["gold", "people", "judge", "reward", "divergence", ""]
"""The ground of a metric: gold labels, people, a judge, a reward model, a divergence."""

FEWEST = 30
"""Items below which a value outside its bounds may be chance, and is not warned about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The range a metric should lie in.

    Attributes:
        low: Warned about below.
        high: Warned about above.
        source: The paper, or person, that says so.
        advice: What it means to be outside, and what helps.
        neutral: If given, warned about only if the interval leaves out this value.
        p_value: If given, warned about only if `details["p_value"]` is below.
    """

    low: float
    high: float
    source: str
    advice: str
    neutral: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure with its interval and what a reader needs to know of it.

    Attributes:
        name: Its key in metrics.json.
        value: The estimate.
        low: Lower end of its 95 % interval, if it has one.
        high: Upper end.
        n: Items that it stands on.
        unit: The unit of `value`: "share", "nats", "points"; empty for a plain number.
        items: What `n` counts, in the plural.
        label: A few words for a table's row.
        description: One plain sentence.
        higher_is_better: None where neither direction is good in itself.
        group: "policy", "reward_model" or "judge", or finer: a criterion, a category.
        baseline: The same figure of what it is compared with, such as the base policy.
        chart: How a page draws it.
        details: What else belongs to it, JSON values: a p-value, a series for the chart.
        headline: Whether it stands in the terminal's summary and at the top of the report.
        heldout: Whether it is measured on evidence that training never saw.
        evidence: What it rests on; rounds are ranked by gold, then people, then a judge.
        bounds: When to warn; None where no value is bad in itself.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    items: str = "items"
    label: str = ""
    description: str = ""
    higher_is_better: bool | None = None
    group: str = "policy"
    baseline: float | None = None
    chart: Chart | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    headline: bool = False
    heldout: bool = False
    evidence: Evidence = ""
    bounds: Bounds | None = None

    def figure(self) -> dict[str, Any]:
        """`{"value", "low", "high", "n", …}` for metrics.json; no ends where there are none."""
        ends = {"low": self.low, "high": self.high}
        known = ends if all(end is not None and math.isfinite(end) for end in ends.values()) else {}
        count = {} if self.n is None else {"n": self.n}
        return {"value": self.value, **known, **count, **self.details}

    def record(self) -> dict[str, Any]:
        """All fields that are set, JSON values; `Metric.of` reads them back."""
        fields = asdict(self)
        return {
            name: value
            for name, value in fields.items()
            if not (value is None or value is False or value in ("", {}))
            or (name == "higher_is_better" and value is not None)
        }

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Metric:
        """The metric that `record` wrote down."""
        bounds = record.get("bounds")
        return cls(**{**record, "bounds": Bounds(**bounds) if bounds else None})

    def warning(self) -> str:
        """A line if the value is outside its bounds for certain; else empty."""
        bounds = self.bounds
        if bounds is None or (self.n or 0) < FEWEST or bounds.low <= self.value <= bounds.high:
            return ""
        low = math.nan if self.low is None else self.low
        high = math.nan if self.high is None else self.high
        if bounds.neutral is not None and low <= bounds.neutral <= high:
            return ""
        if bounds.p_value is not None and not self.details.get("p_value", 1.0) < bounds.p_value:
            return ""
        limit = f"below {bounds.low:g}" if self.value < bounds.low else f"above {bounds.high:g}"
        ends = "" if math.isnan(low + high) else f" [{low:.3f}, {high:.3f}]"
        return (
            f"{(self.label or self.name).lower()}: {self.value:.3f}{ends} on {self.n:,} "
            f"{self.items}, {limit}: {bounds.advice} (limit: {bounds.source})"
        )


@dataclass(frozen=True, slots=True)
class Missing:
    """A metric that could not be measured, and if it can be had, how.

    Attributes:
        name: Its key, as in `Metric`.
        reason: Why there is none; stands in the summary and on the page.
        label: A few words for a table's row.
        group: As in `Metric`.
    """

    name: str
    reason: str
    label: str = ""
    group: str = "policy"


@dataclass(frozen=True)
class Measurement:
    """Figures that are more than one number each, with the records of those that are shown.

    Attributes:
        figures: For metrics.json, by group, then by name; JSON values, tables among them.
        metrics: Records; where one has the name of a figure, the page shows the record for it, and
            figures called `NAME/…` are points of the chart of the record NAME.
    """

    figures: Mapping[str, Mapping[str, Any]]
    metrics: Sequence[Metric | Missing] = ()


Measured = Mapping[str, Mapping[str, Any]] | Iterable[Metric | Missing] | Measurement
"""Result of an evaluator: figures by group, records, or both."""


def metrics_of(mapping: Mapping[str, Any]) -> Iterator[Metric]:
    """Records for an evaluator's mapping `{group: {name: figure}}`, as older plugins return it.

    A figure is a number, `{"value", "low", "high", "n", …}` or `{"before", "after"}`; anything
    else has no record.
    """
    for group, figures in mapping.items():
        for name, figure in figures.items() if isinstance(figures, Mapping) else ():
            known: dict[str, Any] = {"name": name, "group": group}
            stem, _, end = name.rpartition("_")
            if end in ("low", "high") and stem in figures:
                continue  # an end of that figure's interval
            if _is_number(figure):
                ends: dict[str, Any] = {
                    end: figures.get(f"{name}_{end}") for end in ("low", "high")
                }
                yield Metric(value=float(figure), **ends, **known)
            elif isinstance(figure, Mapping) and _is_number(figure.get("value")):
                rest = {key: value for key, value in figure.items() if key not in _FIGURE}
                fields: dict[str, Any] = {key: figure.get(key) for key in _FIGURE}
                yield Metric(**known, **fields, details=rest, chart="interval")
            elif isinstance(figure, Mapping) and _is_number(figure.get("after")):
                baseline = figure.get("before")
                ends = {key: figure.get(key) for key in ("low", "high")}
                value = figure["after"]
                yield Metric(**known, **ends, value=value, baseline=baseline, chart="before_after")


_FIGURE = ("value", "low", "high", "n")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
