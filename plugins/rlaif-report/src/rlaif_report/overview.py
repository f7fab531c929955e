"""The top of the page: headline figures, versions and notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_core.runs import Run
from rlaif_report.components import plain
from rlaif_report.figures import (
    NOT_MEASURED,
    PERCENT,
    duration,
    ends,
    is_interval,
    is_number,
    money,
    number,
    share,
    show,
)
from rlaif_report.judge_quality import alarms
from rlaif_report.metric_labels import label
from rlaif_report.metric_records import missing, records
from rlaif_report.run_metrics import Measured
from rlaif_report.text import one_line

CONTESTS = 6
HEADLINES = 6
NAME = 40
FACT = 600


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure."""

    label: str
    value: str
    note: str = ""


def tiles(measured: Measured, candidates: int | None) -> list[Tile]:
    """The headline: the last round's policy, or how well the judge met the labels.

    Args:
        measured: The run's figures.
        candidates: Candidate preferences of the last round, if they are known.
    """
    last = measured.rounds[-1] if measured.rounds else {}
    if measured.comparing:
        return [*_contests(measured.contests), *_price(measured)]
    shown = _labelling(measured.judging, last) if measured.labelling else _policy(last)
    return [*shown, *_judging(last, candidates), *_price(measured)]


def _contests(contests: Sequence[Mapping[str, Any]]) -> Iterator[Tile]:
    for contest in contests[:CONTESTS]:
        names = (one_line(str(contest.get(side, "")), NAME) for side in ("a", "b"))
        yield _estimate(" over ".join(names), contest.get("win_rate"))


def _policy(section: Mapping[str, Any]) -> Iterator[Tile]:
    """The headline metrics of what is not the judge; those with an interval where none is one."""
    found = [record for record in records(section) if record.group != "judge"]
    chosen = [record for record in found if record.headline]
    chosen = chosen or [record for record in found if record.low is not None]
    for record in chosen[:HEADLINES]:
        yield Tile(record.label, record.value_text, record.note)
    for label_, reason in missing(section):
        yield Tile(label_, NOT_MEASURED, reason)


def _labelling(figures: Mapping[str, Any], section: Mapping[str, Any]) -> Iterator[Tile]:
    if figures.get("accuracy") is not None:
        orders = figures.get("accuracy_by_order") or {}
        note = ", ".join(f"{label(key)} {show(key, share)}" for key, share in orders.items())
        yield Tile("Accuracy against labels", show("accuracy", figures["accuracy"]), note)
    for name, note in (
        ("both_right", f"of {number(figures.get('labelled'))} labelled pairs"),
        ("kappa", "verdict against label"),
    ):
        if figures.get(name) is not None:
            yield Tile(label(name), show(name, figures[name]), note)
    yield Tile(
        "Verdicts",
        number(section.get("verdicts")),
        f"{number(figures.get('pairs'))} pairs, {number(section.get('abstentions'))} abstentions, "
        f"{number(figures.get('ties'))} ties",
    )


def _judging(section: Mapping[str, Any], candidates: int | None) -> Iterator[Tile]:
    note = "" if candidates is None else f"of {number(candidates)} candidates"
    yield Tile("Preferences kept", number(section.get("preferences")), note)
    judge = section.get("judge") or {}
    yield Tile("Agreement of votes", show("agreement", judge.get("agreement")), _basis(judge))


def _basis(judge: Mapping[str, Any]) -> str:
    """The basis of the votes' agreement, or the reason why there is none."""
    if judge.get("agreement") is None:
        return "no pair has two votes that took a side"
    lines = []
    if judge.get("agreement_pairs") is not None:
        lines.append(f"on {number(judge['agreement_pairs'])} pairs")
    same = judge.get("position_consistency")
    if same is not None:
        lines.append(f"{show('position_consistency', same)} alike in both orders")
    return ", ".join(lines)


def _price(measured: Measured) -> Iterator[Tile]:
    calls = f"{number(measured.cost.get('calls'))} model calls"
    if measured.cost.get("cached"):
        calls += f", and {number(measured.cost['cached'])} more answers from the ledger"
    yield Tile("Cost", money(measured.cost.get("usd")), calls)
    known = [spent for spent in measured.seconds.values() if is_number(spent)]
    yield Tile("Time", duration(sum(known)) if known else NOT_MEASURED, "all stages together")


def _estimate(name: str, value: Any) -> Tile:
    if is_interval(value):
        interval = ends(share(value["low"]), share(value["high"]))
        return Tile(name, share(value["value"]), f"95{PERCENT} interval {interval}")
    return Tile(name, share(value))


def facts(run: Run) -> list[tuple[str, str]]:
    """The rest of the manifest: seeds, versions, hashes, dates."""
    shown = []
    for name, value in run.manifest.items():
        if name in {"name", "components"} or value in (None, "", {}, []):
            continue
        if isinstance(value, Mapping):
            text = ", ".join(f"{key} {plain(item)}" for key, item in value.items())
        else:
            text = plain(value)
        shown.append((FACTS.get(name) or label(name), one_line(text, FACT)))
    return shown


FACTS = {
    "written": "Begun or resumed",
    "recipe_sha256": "Recipe, SHA-256",
    "rlaif-core": "rlaif-core",
    "seed": "Seed",
}


def notices(run: Run, measured: Measured) -> list[str]:
    """Warnings of the judge, and reasons why figures may be missing.

    Args:
        run: The run.
        measured: Its figures.
    """
    lines = []
    if run.metrics is None:
        lines.append("This run has not ended yet. The page shows what its ledger held just now.")
    if measured.stopped:
        lines.append(f"The run stopped in {measured.stopped}.")
    else:
        lines += [
            f"Stage “{stage}” of round {number} was begun and is not finished."
            for number, stage, _, _, done in run.stages()
            if not done
        ]
    if measured.shared:
        lines.append(
            f"{number(measured.shared)} held-out prompts are also training prompts: what is "
            "measured on them flatters the policy."
        )
    planned = _rounds(run)
    if not measured.labelling and not measured.stopped and len(measured.rounds) < planned:
        lines.append(f"{len(measured.rounds)} of {planned} rounds were begun.")
    lines += list(_alarms(measured.rounds))
    if not run.has_ledger:
        lines.append("The ledger is not here: no comparisons, training curves or costs by model.")
    return lines


def _alarms(rounds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Warnings of the last round's judge, and the number of those before."""
    for section in rounds:
        judge = section.get("judge") or {}
        for name, figure in (("human", "warning"), ("calibration", "unfit")):
            alarm = (judge.get(name) or {}).get(figure)
            if alarm:
                yield f"Round {section.get('round')}: {alarm}."
        if judge.get("frozen"):
            yield f"Round {section.get('round')}: the judge was frozen: {judge['frozen']}."
    by_round = [alarms(section.get("judge") or {}) for section in rounds]
    for line in by_round[-1] if by_round else []:
        yield f"The judge, {line}."
    before = sum(map(len, by_round[:-1]))
    if before:
        yield f"The judge of earlier rounds has {before} warnings; they stand with their rounds."


def _rounds(run: Run) -> int:
    """Number of rounds that the recipe asks for; 1 where it does not say."""
    section = run.sections.get("rounds", 1)
    planned = section.get("n", 1) if isinstance(section, Mapping) else section
    return planned if isinstance(planned, int) else 1
