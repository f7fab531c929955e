"""Records of the metrics that evaluators return, beside the figures of metrics.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rlaif_core.api.metric import Metric, metrics_of

JSON = dict[str, Any]
Described = Mapping[str, Mapping[str, Any]]


def recorded(
    measured: Mapping[str, Mapping[str, Any]] | Iterable[Metric], described: Described
) -> tuple[JSON, JSON]:
    """Figures and records, both by group, then by name.

    Args:
        measured: An evaluator's result: records, or figures by group.
        described: Fields of `Metric` by "group.name", for figures without records.
    """
    figures: JSON = {}
    records: JSON = {}
    metrics = measured
    if isinstance(measured, Mapping):
        figures = {group: dict(part) for group, part in measured.items()}
        metrics = metrics_of(measured)
    for metric in metrics:
        assert isinstance(metric, Metric)
        metric = replace(metric, **described.get(f"{metric.group}.{metric.name}", {}))
        records.setdefault(metric.group, {})[metric.name] = metric.record()
        if not isinstance(measured, Mapping):
            figures.setdefault(metric.group, {})[metric.name] = figure(metric)
    return figures, records


def figure(metric: Metric) -> Any:
    """A metric as metrics.json has it: a number, `{"before", "after"}` or with its interval."""
    ends = metric.figure()
    if metric.baseline is not None and metric.chart == "before_after":
        rest = {key: value for key, value in ends.items() if key != "value"}
        return {"before": metric.baseline, "after": metric.value, **rest}
    return metric.value if ends.keys() == {"value"} else ends
