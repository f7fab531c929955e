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
        lines += [f"  {name:<24}{text}" for name, text in _round(number) if text]
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
    judge, policy = number["judge"], number.get("policy", {})
    yield "responses", str(number["responses"] or "")
    if number["comparisons"]:
        yield "verdicts", f"{number['verdicts']} ({number['abstentions']} abstentions)"
        yield "preferences", f"{number['preferences']} of {number['candidates']} candidates"
    yield "left out", _reasons(number["dropped"])
    yield "agreement of votes", _share(judge.get("agreement"), judge.get("agreement_pairs"))
    train = judge.get("measures", {}).get("train", {})
    yield "position consistency", _interval(train.get("position_consistency"))
    yield "κ with the second judge", _interval(train.get("evaluation_judge_kappa"))
    yield (
        "judge accuracy (gold)",
        _share(judge.get("gold_accuracy"), judge.get("gold_comparisons"), "pairs"),
    )
    yield "reward model accuracy", _accuracy(number.get("reward_model", {}))
    records = number.get("records", {})
    known = dict(_policy(policy))
    for name in records.get("policy", {}):
        known.pop(name, None)
    yield from known.values()
    for group in records.values():
        for name, record in group.items():
            yield record.get("label") or name, _estimate(record)


def _policy(policy: JSON) -> Iterator[tuple[str, tuple[str, str]]]:
    """Lines of figures without records, by their names in the `policy` section."""
    win_rate = _interval(policy.get("win_rate")) or _missing(policy)
    yield "win_rate", ("win rate (judge)", win_rate)
    yield "gold_win_rate", ("win rate (gold)", _interval(policy.get("gold_win_rate")))
    yield "gold_score", ("gold score", _change(policy.get("gold_score"), policy.get("gold_gain")))
    yield "kl", ("KL from the base", _nats(policy.get("kl")))


def _estimate(record: JSON) -> str:
    """A metric record's value with its interval, unit and items."""
    text = _interval(record)
    unit = record.get("unit", "")
    if unit not in ("", "share"):
        text += f" {unit}"
    if record.get("baseline") is not None:
        text += f", base {record['baseline']:.3f}"
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


def _missing(policy: JSON) -> str:
    left_out = policy.get("win_rate_abstentions")
    if not left_out:
        return ""
    return f"not measured: the judge abstained on all {left_out:,} held-out prompts"


def _interval(value: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    ends = f"  [{value['low']:.3f}, {value['high']:.3f}]" if value.get("low") is not None else ""
    return f"{value['value']:.3f}{ends}"


def _change(value: Mapping[str, float] | None, gain: Mapping[str, float] | None) -> str:
    if value is None:
        return ""
    change = f"{value['before']:.3f} → {value['after']:.3f}"
    return change if gain is None else f"{change}, gain {_interval(gain)}"


def _nats(value: float | None) -> str:
    return "" if value is None else f"{value:.3f} nats a response"
