"""The judge metric `reliability`: everything in the catalogue, in one pass over the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rlaif_core.api import JudgedPair, JudgeMetric, Metric, Missing, Params
from rlaif_core.runs import Run


class Reliability(JudgeMetric[Params, Run]):
    """Position and length bias, repetition, cycles, agreement of members, near-duplicates."""

    def measure(self, run: Run, round_index: int, split: str) -> Iterable[Metric | Missing]:
        """All metrics of a split in the order of the catalogue; nothing if nothing was judged.

        Time grows with the verdicts; no text is kept.
        """
        from rlaif_judge_metrics.catalogue import CATALOGUE, Findings
        from rlaif_judge_metrics.cross_judge import SECOND, evaluation_judge
        from rlaif_judge_metrics.cycles import cycles
        from rlaif_judge_metrics.ensemble_agreement import ensemble_agreement
        from rlaif_judge_metrics.length import length
        from rlaif_judge_metrics.near_duplicates import near_duplicates
        from rlaif_judge_metrics.position import position
        from rlaif_judge_metrics.repetition import repetition
        from rlaif_judge_metrics.vote_table import read_votes

        if split == SECOND:
            return [evaluation_judge(run, round_index)]
        table = read_votes(run, round_index, split)
        if not table.pair.size:
            return []
        findings: Findings = {
            **position(table),
            **repetition(table),
            **length(table),
            **cycles(table),
            **ensemble_agreement(run, round_index, split),
            "near_duplicate_consistency": near_duplicates(run, table),
        }
        if split == "train":
            findings["evaluation_judge_kappa"] = evaluation_judge(run, round_index)
        return [findings[name] for name in CATALOGUE if name in findings]

    def against_quality(
        self, pairs: Iterable[tuple[JudgedPair, float | None]], source: str
    ) -> Iterable[Metric | Missing]:
        """The longer response's win rate at equal quality."""
        from rlaif_judge_metrics.length import at_equal_quality

        return [at_equal_quality(pairs, source)]

    def rankings(self, run: Run, rounds: Iterable[int], split: str) -> Mapping[str, Any] | None:
        """Bradley-Terry and Elo ratings of the models that wrote the responses."""
        from rlaif_judge_metrics.models import rank_models
        from rlaif_judge_metrics.vote_table import read_votes

        return rank_models(read_votes(run, round_index, split) for round_index in rounds)
