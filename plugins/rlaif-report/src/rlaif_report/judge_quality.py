"""Judge reliability metrics: each with its interval and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_report.figures import ends, is_interval, is_number, number, share
from rlaif_report.metric_labels import is_share, label
from rlaif_report.metric_records import RECORDS, SHARE, MetricRecord, records

TITLES = {"train": "On training pairs", "evaluation": "On held-out pairs"}
STRUCTURED = frozenset({"measures", "not_measured", "warnings", "models", RECORDS})
"""Parts of a `judge` section that are shown here and not in its table of figures."""


@dataclass(frozen=True, slots=True)
class Line:
    """One measure.

    Attributes:
        label: Its name.
        value: The figure with its interval.
        basis: What it stands on.
        meaning: One plain sentence.
        bad: Whether it is warned about.
    """

    label: str
    value: str
    basis: str
    meaning: str
    bad: bool


@dataclass(frozen=True, slots=True)
class Rank:
    """One model of a ranking."""

    model: str
    rating: str
    elo: str
    comparisons: int


@dataclass(frozen=True)
class Ranking:
    """Models, best first.

    Attributes:
        models: At least two.
        notes: What else belongs to the fit.
    """

    models: list[Rank]
    notes: list[str]


@dataclass(frozen=True)
class Quality:
    """The measures of one split.

    Attributes:
        title: Which pairs they are of; empty if there is only one kind.
        lines: What was measured.
        missing: (measure, why it was not measured).
        ranking: The models that answered, if there were several.
    """

    title: str
    lines: list[Line]
    missing: list[tuple[str, str]]
    ranking: Ranking | None


def qualities(judge: Mapping[str, Any]) -> list[Quality]:
    """The measures of a round's `judge` section, a group for each split."""
    parts = {name: _mapping(judge.get(name)) for name in ("measures", "not_measured", "models")}
    splits = [split for split in TITLES if any(split in part for part in parts.values())]
    known = {(record.group, record.name): record for record in records(judge)}
    any_split = {name: record for (_, name), record in known.items()}
    return [
        Quality(
            TITLES[split] if len(splits) > 1 else "",
            [
                _line(name, figure, known.get((split, name)), _alarms(judge, split))
                for name, figure in _figures(parts["measures"].get(split))
            ],
            [
                (_label(name, any_split.get(name)), str(why))
                for name, why in _mapping(parts["not_measured"].get(split)).items()
            ],
            ranking(_mapping(parts["models"].get(split))),
        )
        for split in splits
    ]


def lines_by_label(judge: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(measure, figure) of the training pairs, for rounds side by side."""
    measures = _mapping(_mapping(judge.get("measures")).get("train"))
    known = {record.name: record for record in records(judge) if record.group == "train"}
    return [
        (_label(name, known.get(name)), _value(name, figure, known.get(name)))
        for name, figure in _figures(measures)
    ]


def alarms(judge: Mapping[str, Any]) -> list[str]:
    """The warnings of a `judge` section."""
    found = judge.get("warnings")
    return [str(line) for line in found] if isinstance(found, list | tuple) else []


def _alarms(judge: Mapping[str, Any], split: str) -> list[str]:
    heldout = split != "train"
    return [line for line in alarms(judge) if line.startswith("on held-out pairs, ") == heldout]


def ranking(table: Mapping[str, Any]) -> Ranking | None:
    """A ranking of metrics.json as the page shows it; None if it ranks nobody."""
    ranked = [row for row in table.get("models") or [] if isinstance(row, Mapping)]
    if len(ranked) < 2:
        return None
    notes = []
    effect = table.get("order_effect")
    if is_interval(effect):
        notes.append(
            "Being shown first adds "
            f"{_with_ends(number, effect)} to the log-odds; the ratings have it taken out."
        )
    if table.get("prior"):
        notes.append(
            "One model never lost to the others: its rating is held finite by a normal prior of "
            "deviation 1, and its place counts more than its distance."
        )
    return Ranking([_rank(row) for row in ranked], notes)


def _rank(row: Mapping[str, Any]) -> Rank:
    rating, elo, count = row.get("rating"), row.get("elo"), row.get("comparisons")
    return Rank(
        str(row.get("model", "")),
        _with_ends(number, rating) if is_interval(rating) else number(None),
        number(round(elo)) if is_number(elo) else number(None),
        int(count) if is_number(count) else 0,
    )


def _line(
    name: str, figure: Mapping[str, Any], known: MetricRecord | None, warned: Sequence[str]
) -> Line:
    basis = f"{number(figure.get('n'))} {known.items if known else 'items'}"
    if figure.get("by"):
        basis += f", quality by {figure['by']}"
    if is_number(figure.get("p_value")):
        basis += f", p = {number(figure['p_value'])}"
    if is_number(figure.get("same_side")):
        basis += f", {share(figure['same_side'])} on the same side"
    if is_number(figure.get("alpha")):
        basis += f", α {number(figure['alpha'])}"
    meaning = known.description if known else ""
    kappas = [f"{pair} {number(found['value'])}" for pair, found in _figures(figure.get("kappas"))]
    if kappas:
        meaning += f" Cohen's κ of every two: {', '.join(kappas)}."
    shown = _label(name, known)
    bad = any(f"{shown.lower()}: " in line for line in warned)
    return Line(shown, _value(name, figure, known), basis, meaning, bad)


def _value(name: str, figure: Mapping[str, Any], known: MetricRecord | None) -> str:
    write = share if (known.unit == SHARE if known else is_share(name)) else number
    return _with_ends(write, figure) if is_interval(figure) else write(figure["value"])


def _with_ends(write: Any, figure: Mapping[str, Any]) -> str:
    return f"{write(figure['value'])} ({ends(write(figure['low']), write(figure['high']))})"


def _label(name: str, known: MetricRecord | None) -> str:
    return known.label if known else label(name)


def _figures(section: Any) -> Sequence[tuple[str, Mapping[str, Any]]]:
    return [
        (name, figure)
        for name, figure in _mapping(section).items()
        if isinstance(figure, Mapping) and is_number(figure.get("value"))
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
