"""The figures of a run: those of its ledger, and whatever else stands in metrics.json."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_core.runs import Run

JSON = dict[str, Any]
RUN_WIDE = frozenset({"rounds", "prompts", "cost", "seconds"})
OF_ROUND = frozenset(
    {
        "responses",
        "comparisons",
        "verdicts",
        "abstentions",
        "candidates",
        "preferences",
        "dropped",
        "judge",
        "records",
    }
)
OF_ALL_ROUNDS = ("best", "overoptimization")
OF_POLICIES = frozenset({"policies", "contests", "gold_score"})


@dataclass(frozen=True)
class Measured:
    """All figures of a run.

    Attributes:
        rounds: One section a round, in order; a `rlaif judge` run has one, round 0.
        judging: The figures of a `rlaif judge` run (pairs, accuracy, …); empty otherwise.
        comparing: Whether this is a `rlaif compare` run.
        contests: Its policies against each other; empty until they have been judged.
        gold: Their gold scores.
        cost: Calls, tokens and dollars.
        seconds: Time by stage.
        policies: The policies of all rounds ranked; empty if none was measured.
        course: Figures of all rounds together: `best` and `overoptimization`.
        stopped: Why the run ended before its last round; empty if it did not.
        shared: How many held-out prompts are also training prompts.
        labelling: Whether nothing was trained, as in a `rlaif judge` run and in a comparison.
    """

    rounds: list[JSON]
    judging: JSON
    comparing: bool
    contests: list[JSON]
    gold: JSON
    cost: JSON
    seconds: JSON
    policies: JSON
    course: JSON
    stopped: str
    shared: int
    labelling: bool


def measured(run: Run) -> Measured:
    """Put metrics.json and the ledger together.

    metrics.json is made from the ledger, so the two agree once a run has ended. Before, the file
    is absent or left from an earlier interruption: then the ledger knows better.
    """
    found: JSON = copy.deepcopy(dict(run.metrics or {}))
    comparing = "contests" in found or run.is_comparison
    labelling = comparing or _labels_only(run)
    if labelling and not found:
        found = dict(run.stage(0, "judge").figures)
    written = _list(found.pop("rounds", None))
    if labelling:
        written = [{"round": 0, **{name: found[name] for name in OF_ROUND if name in found}}]
    if run.has_ledger:
        computed = run.measured()
        # `rlaif compare` keeps each policy's responses as a round; what is judged is round 0.
        played = computed.pop("rounds")[: 1 if comparing else None]
        written = _merged(written, [_selected(run, section) for section in played])
        merge(found, computed)
    own = {
        name: value
        for name, value in found.items()
        if name not in RUN_WIDE | OF_ROUND | OF_POLICIES
    }
    return Measured(
        written,
        own if labelling else {},
        comparing,
        _list(found.get("contests")),
        _dict(found.get("gold_score")),
        _dict(found.get("cost")),
        _dict(found.get("seconds")),
        _dict(found.get("policies")),
        {name: found[name] for name in OF_ALL_ROUNDS if name in found},
        str(found.get("stopped") or ""),
        _shared(found, run),
        labelling,
    )


def _shared(found: JSON, run: Run) -> int:
    prompts = found.get("prompts")
    if prompts is None:
        prompts = run.stage(0, "prompts").figures
    shared = _dict(prompts).get("shared")
    return shared if isinstance(shared, int) else 0


def _selected(run: Run, section: JSON) -> JSON:
    """The same section; preferences are not 0 but unknown until they have been selected."""
    if not section["preferences"] and not run.stage(section["round"], "select").done:
        return {**section, "preferences": None}
    return section


def _labels_only(run: Run) -> bool:
    if run.metrics is not None:
        return "rounds" not in run.metrics
    return not run.sections.get("prompts")


def _merged(written: list[JSON], computed: list[JSON]) -> list[JSON]:
    by_number = {section.get("round", index): section for index, section in enumerate(written)}
    for section in computed:
        merge(by_number.setdefault(section["round"], {}), section)
    return [by_number[number] for number in sorted(by_number)]


def merge(into: JSON, new: Mapping[str, Any]) -> None:
    """Merge nested mappings; `new` wins."""
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def _list(value: Any) -> list[JSON]:
    return [dict(item) for item in value if isinstance(item, Mapping)] if value else []


def _dict(value: Any) -> JSON:
    return dict(value) if isinstance(value, Mapping) else {}
