"""Summary of a run for the terminal: a line a figure, each with what it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

JSON = Mapping[str, Any]

REASONS = 4
"""So many reasons for what was left out are named; the report has them all."""


def summary(metrics: JSON) -> list[str]:
    """Lines on a run, from the content of metrics.json."""
    lines = []
    for number in metrics["rounds"]:
        lines.append(f"round {number['round']}")
        lines += [f"  {_lower(name):<28} {text}" for name, text in _round(number) if text]
    shared = metrics.get("prompts", {}).get("shared")
    if shared:
        lines.append(f"warning: {shared} held-out prompts are also training prompts")
    lines.append(_spent(metrics))
    if len(metrics["rounds"]) > 1 and "best" in metrics:
        lines.append(_best(metrics["best"]))
    if metrics.get("stopped"):
        lines.append(f"STOPPED in {metrics['stopped']}")
    return lines


def _round(number: JSON) -> Iterator[tuple[str, str]]:
    judge = number["judge"]
    yield "responses", str(number["responses"] or "")
    if number["comparisons"]:
        yield "verdicts", f"{number['verdicts']} ({number['abstentions']} abstentions)"
        yield "preferences", f"{number['preferences']} of {number['candidates']} candidates"
    yield "left out", _reasons(number["dropped"])
    yield "agreement of votes", _share(judge.get("agreement"), judge.get("agreement_pairs"))
    yield from _records({"train": _headlines(judge.get("records", {}).get("train", {}))})
    records = number.get("records", {})
    if not _headlines(records.get("reward_model", {})):
        yield "reward model accuracy", _accuracy(number.get("reward_model", {}))
    yield from _records(records)
    for group in number.get("not_measured", {}).values():
        for missing in group.values():
            yield missing["label"], f"not measured: {missing['reason']}"


def _records(groups: Mapping[str, JSON]) -> Iterator[tuple[str, str]]:
    """The headline metrics of each group; of one without, those with a label, or else all."""
    for group in groups.values():
        labelled = {name: record for name, record in group.items() if record.get("label")}
        for name, record in (_headlines(group) or labelled or group).items():
            yield record.get("label") or name, _estimate(record)


def _lower(label: str) -> str:
    """A label within a line: "win rate", and "KL" as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _headlines(group: JSON) -> JSON:
    return {name: record for name, record in group.items() if record.get("headline")}


def _estimate(record: JSON) -> str:
    """A metric record's value with its interval, unit and items."""
    text = _interval(record)
    unit = record.get("unit", "")
    if unit not in ("", "share"):
        text += f" {unit}"
    if record.get("baseline") is not None:
        text = f"{record['baseline']:.3f} → {text}"
    return (
        text
        if record.get("n") is None
        else f"{text} on {record['n']:,} {record.get('items', 'items')}"
    )


def _reasons(dropped: Mapping[str, int]) -> str:
    ordered = sorted(dropped.items(), key=lambda reason: -reason[1])
    lines = [f"{count} × {reason}" for reason, count in ordered[:REASONS]]
    if len(ordered) > REASONS:
        lines.append(f"{len(ordered) - REASONS} more reasons")
    return ", ".join(lines)


def _accuracy(found: JSON) -> str:
    """A reward model's accuracy is worth as much as the preferences that were held out for it."""
    value, count = found.get("accuracy"), found.get("heldout")
    ends = ""
    if value is not None and "accuracy_low" in found:
        ends = f"  [{found['accuracy_low']:.1%}, {found['accuracy_high']:.1%}]"
    return _share(value, count, "held-out preferences", ends)


def _spent(metrics: JSON) -> str:
    spent, seconds = metrics["cost"], sum(metrics["seconds"].values())
    calls = f"{spent['calls']} calls to models"
    if spent["cached"]:
        calls += f", and {spent['cached']} more answers from the ledger"
    return f"{calls}; ${spent['usd']:.4f}, {seconds:.0f} s"


def _best(best: JSON) -> str:
    line = f"best round: {best['round']}, by {best['by']} ({best['value']:.3f})"
    if best.get("near"):
        others = ", ".join(map(str, best["near"]))
        rounds = "round" if len(best["near"]) == 1 else "rounds"
        line += f"; perhaps by chance: its interval meets that of {rounds} {others}"
    if best.get("selected_of", 1) > 1:
        line += f"; the highest of {best['selected_of']} flatters"
    return line


def _share(value: float | None, count: int | None, unit: str = "pairs", ends: str = "") -> str:
    if value is None:
        return ""
    return f"{value:.1%}{ends}" + ("" if count is None else f" on {count} {unit}")


def _interval(value: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    ends = f"  [{value['low']:.3f}, {value['high']:.3f}]" if value.get("low") is not None else ""
    return f"{value['value']:.3f}{ends}"
