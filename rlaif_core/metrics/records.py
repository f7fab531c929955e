"""Records of metrics, beside the figures of metrics.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rlaif_core.api.metric import Measured, Measurement, Metric, Missing, metrics_of

JSON = dict[str, Any]
BESIDE = ("records", "not_measured")
"""Keys beside the figures: metrics as records, and those that are missing, by group."""

Described = Mapping[str, Mapping[str, Any]]


def recorded(measured: Measured, described: Described) -> JSON:
    """A part of a round in metrics.json: figures by group, `records` and `not_measured`.

    Args:
        measured: An evaluator's or a trainer's result.
        described: Fields of `Metric` by "group.name", for figures without records.
    """
    figures: JSON = {}
    records: JSON = {}
    missing: JSON = {}
    if isinstance(measured, Mapping):
        measured = Measurement(measured)
    if isinstance(measured, Measurement):
        figures = {group: dict(part) for group, part in measured.figures.items()}
        metrics = [*metrics_of(measured.figures), *measured.metrics]
    else:
        metrics = list(measured)
    for metric in metrics:
        if isinstance(metric, Missing):
            reason = {"label": metric.label or metric.name, "reason": metric.reason}
            missing.setdefault(metric.group, {})[metric.name] = reason
            continue
        metric = replace(metric, **described.get(f"{metric.group}.{metric.name}", {}))
        records.setdefault(metric.group, {})[metric.name] = metric.record()
        figures.setdefault(metric.group, {}).setdefault(metric.name, figure(metric))
    return {**figures, "records": records, **({"not_measured": missing} if missing else {})}


def figure(metric: Metric) -> Any:
    """A metric as metrics.json has it: a number, `{"before", "after"}` or with its interval."""
    ends = metric.figure()
    if metric.baseline is not None and metric.chart == "before_after":
        rest = {key: value for key, value in ends.items() if key != "value"}
        return {"before": metric.baseline, "after": metric.value, **rest}
    return metric.value if ends.keys() == {"value"} else ends
