"""How far a judge can be trusted, measured on every run from the verdicts in its ledger."""

from __future__ import annotations

from collections.abc import Iterable

from rlaif_core.api.records import JudgedPair
from rlaif_core.store.ledger import Reader
from rlaif_judge_metrics.catalogue import CATALOGUE, warnings
from rlaif_judge_metrics.cross_judge import SECOND, evaluation_judge, other_run
from rlaif_judge_metrics.cycles import cycles
from rlaif_judge_metrics.ensemble_agreement import panel
from rlaif_judge_metrics.estimate import JSON, Findings, section
from rlaif_judge_metrics.length import AT_EQUAL_QUALITY, at_equal_quality, length
from rlaif_judge_metrics.models import rank_models
from rlaif_judge_metrics.near_duplicates import near_duplicates
from rlaif_judge_metrics.position import position
from rlaif_judge_metrics.repetition import repetition
from rlaif_judge_metrics.vote_table import read_ballots

__all__ = [
    "CATALOGUE",
    "SECOND",
    "compare_runs",
    "measure_judge",
    "measure_length",
    "measure_second_opinion",
    "rank_policies",
    "warnings",
]


def measure_judge(ledger: Reader, round: int, split: str = "train") -> JSON:
    """All measures of the judge of a split, and the models whose responses it compared.

    Time grows with the verdicts; no text is kept.

    Returns:
        `measures`, `not_measured` and, if responses came from several models, `models`, each with
        this split, as the `judge` section of metrics.json has them. Empty if nothing was judged.
    """
    ballots = read_ballots(ledger, round, split)
    if not ballots.pair.size:
        return {}
    found: Findings = {
        **position(ballots),
        **repetition(ballots),
        **length(ballots),
        **cycles(ballots),
        **panel(ledger, round, split),
        "near_duplicate_consistency": near_duplicates(ledger, ballots),
    }
    if split == "train":
        found["evaluation_judge_kappa"] = evaluation_judge(ledger, round)
    part = section(split, {name: found[name] for name in CATALOGUE if name in found})
    ranked = rank_models([ballots])
    return part if ranked is None else {**part, "models": {split: ranked}}


def measure_length(judged: Iterable[tuple[JudgedPair, float | None]], by: str) -> JSON:
    """The longer response's win rate at equal quality, where something but the judge knows it.

    Args:
        judged: Training pairs, those of a prompt together, each with A's lead in quality.
        by: What measured the quality.

    Returns:
        As `measure_judge`.
    """
    return section("train", {AT_EQUAL_QUALITY: at_equal_quality(judged, by)})


def measure_second_opinion(ledger: Reader, round: int) -> JSON:
    """How far the training judge and the evaluation judge agree on what both have judged.

    Returns:
        As `measure_judge`.
    """
    return section("train", {"evaluation_judge_kappa": evaluation_judge(ledger, round)})


def compare_runs(ledger: Reader, other: Reader, round: int = 0) -> JSON:
    """How far the labels of two runs agree on the pairs that both have judged.

    Returns:
        As `measure_judge`.
    """
    return section("train", {"other_run_kappa": other_run(ledger, other, round)})


def rank_policies(ledger: Reader, rounds: int) -> JSON | None:
    """The base and every round's policy, ranked by what the evaluation judge said of them all."""
    return rank_models(read_ballots(ledger, number, "evaluation") for number in range(rounds))
