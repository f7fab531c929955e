"""metrics.json: what a run measured, read back from its ledger."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rlaif_core.metrics.judge import warnings
from rlaif_core.metrics.records import BESIDE
from rlaif_core.store.ledger import Reader

JSON = dict[str, Any]

TOLD = frozenset({"summary", "open"})
"""What a stage says for the engine and the progress line."""


def run_metrics(ledger: Reader, rounds: int) -> JSON:
    """The whole of metrics.json for a run of so many rounds begun."""
    seconds: dict[str, float] = {}
    for _, stage, spent, _, _ in ledger.stages():
        seconds[stage] = round(seconds.get(stage, 0.0) + spent, 3)
    found = {
        "rounds": [round_metrics(ledger, number) for number in range(rounds)],
        "cost": cost(ledger),
        "seconds": seconds,
    }
    _, read, _ = ledger.stage(0, "prompts")
    if read:
        found["prompts"] = {name: value for name, value in read.items() if name not in TOLD}
    return found


def cost(ledger: Reader) -> JSON:
    """Cost of the model calls."""
    return asdict(ledger.cost())


def round_metrics(ledger: Reader, number: int) -> JSON:
    """One round: its funnel, then judge, reward model and policy as far as they were measured."""
    counts = ledger.counts(number)
    dropped = ledger.drops(number)
    kept = ledger.kept(number)
    candidates = kept + sum(dropped.values())
    for _, reason, count in ledger.rows.excluded(number):
        dropped[reason] = dropped.get(reason, 0) + count
    figures: JSON = {
        "round": number,
        "responses": counts["responses"],
        "comparisons": counts["comparisons"],
        "verdicts": counts["verdicts"],
        "abstentions": counts["abstentions"],
        "candidates": candidates,
        "preferences": kept,
        "dropped": dropped,
        "judge": judge_metrics(ledger, number),
    }
    figures["judge"] |= stage_metrics(ledger, number)
    for stage in ("reward_model", "optimize"):
        _, measured, done = ledger.stage(number, stage)
        if done:
            merge(figures, {name: measured.pop(name) for name in BESIDE if name in measured})
            figures[stage] = {name: value for name, value in measured.items() if name != "summary"}
    _, evaluated, _ = ledger.stage(number, "evaluate")
    merge(figures, {name: part for name, part in evaluated.items() if name != "judge"})
    return figures


def stage_metrics(ledger: Reader, number: int) -> JSON:
    """Figures of the stages around judging: guards, calibration, human check."""
    _, judged, _ = ledger.stage(number, "judge")
    names = {"saved": "calls_saved", "gated": "gated", "settled": "settled"}
    found: JSON = {name: judged[key] for key, name in names.items() if judged.get(key)}
    _, guards, _ = ledger.stage(number, "guards")
    if guards:
        found["guards"] = guards["guards"]
    if guards.get("frozen"):
        found["frozen"] = guards["frozen"]
    for stage, name in (("calibrate", "calibration"), ("validate", "human")):
        _, measured, _ = ledger.stage(number, stage)
        if measured:
            found[name] = {
                key: value for key, value in measured.items() if value != "" and key not in TOLD
            }
    return found


def judge_metrics(ledger: Reader, number: int) -> JSON:
    """Metrics of a round's judge, by split, and warnings.

    The stages keep what they measured, evaluators among them.
    """
    found: JSON = {"abstentions": ledger.abstentions(number)}
    agreement, pairs = ledger.agreement(number)
    if agreement is not None:
        found |= {"agreement": agreement, "agreement_pairs": pairs}
    for stage in ("judge", "evaluate"):
        _, kept, _ = ledger.stage(number, stage)
        merge(found, kept.get("judge", {}))
    _, again, _ = ledger.stage(number, "second_opinion")
    merge(found, again.get("judge", {}))
    measures: JSON = found.get("measures", {})
    for name in ("position_consistency", "first_position_rate"):
        if name in measures.get("train", {}):
            found[name] = measures["train"][name]["value"]
    for split, missing in found.get("not_measured", {}).items():
        for name in measures.get(split, {}).keys() & missing.keys():
            del missing[name]
    found["warnings"] = warnings(found)
    return found


def merge(into: JSON, new: Mapping[str, Any]) -> None:
    """Merge nested mappings; `new` wins."""
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def finite(value: Any) -> Any:
    """The same JSON value with NaN and infinities, which JSON cannot say, as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [finite(item) for item in value]
    return value
