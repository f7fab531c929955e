"""Agreement behind one verdict: of a jury's judges, of a constitution's principles.

Judges that ask several write one JSON line for each into their explanation, under the name of
what it is: `{"judge": "small", "p_first": 0.81, …}`, `{"principle": "honest", …}`.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, groupby

import numpy as np
from numpy.typing import NDArray

from rlaif_core.api import Missing
from rlaif_core.runs import Run
from rlaif_judge_metrics.catalogue import Findings, metric
from rlaif_stats.outcomes import sides
from rlaif_stats.reliability import alpha_estimate, kappa_estimate

KINDS: Mapping[str, str] = {"judge": "juror_alpha", "principle": "principle_alpha"}

MOST_IN_PAIRS = 6
"""Members up to which every two are compared: 15 kappas can still be read."""


@dataclass
class _Ensemble:
    """The sides that the members of one kind took, pair by pair."""

    names: dict[str, int] = field(default_factory=dict)
    prompts: array[int] = field(default_factory=lambda: array("q"))
    _pair: array[int] = field(default_factory=lambda: array("q"))
    _member: array[int] = field(default_factory=lambda: array("q"))
    _p_a: array[float] = field(default_factory=lambda: array("d"))

    def keep(self, verdicts: Mapping[str, list[float]], prompt: int) -> None:
        """One pair: each member's probabilities that A is better, over orders and votes."""
        for name, p in verdicts.items():
            self._pair.append(len(self.prompts))
            self._member.append(self.names.setdefault(name, len(self.names)))
            self._p_a.append(sum(p) / len(p))
        self.prompts.append(prompt)

    def table(self) -> NDArray[np.float64]:
        """Shape (pairs, members): the sides; NaN where a member returned no verdict."""
        table = np.full((len(self.prompts), len(self.names)), np.nan)
        table[np.array(self._pair), np.array(self._member)] = sides(np.array(self._p_a))
        return table


def ensemble_agreement(run: Run, round_index: int, split: str) -> Findings:
    """Alpha over all members, and kappa of every two of a small ensemble.

    Each member's probabilities on a pair are averaged over orders and votes, so that a position
    bias they share is no agreement.
    """
    ensembles = {kind: _Ensemble() for kind in KINDS}
    votes = run.votes(round_index, split, explained=[f'{{"{kind}":' for kind in KINDS])
    for number, (_, of_prompt) in enumerate(groupby(votes, lambda cast: cast.prompt_id)):
        for _, of_pair in groupby(of_prompt, lambda cast: (cast.a, cast.b)):
            verdicts: dict[str, dict[str, list[float]]] = {kind: {} for kind in KINDS}
            for cast in of_pair:
                for kind, name, p in members(cast.vote.verdict.explanation):
                    p_a = p if cast.vote.order == "ab" else 1.0 - p
                    verdicts[kind].setdefault(name, []).append(p_a)
            for kind, by_name in verdicts.items():
                if by_name:
                    ensembles[kind].keep(by_name, number)
    found: Findings = {}
    for kind, name in KINDS.items():
        found |= _agreement(ensembles[kind], kind, name)
    return found


def members(explanation: str) -> Iterator[tuple[str, str, float]]:
    """(kind, name, probability that the first is better) of each line that holds a verdict.

    Model output is data: a line in another form is passed over.
    """
    for line in explanation.split("\n"):  # JSON lets a model write other ends of lines as they are
        if not line.startswith("{"):
            return
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(row, dict) or not row:
            return
        kind, name = next(iter(row.items()))
        p = row.get("p_first")
        if kind in KINDS and isinstance(name, str) and isinstance(p, int | float) and 0 <= p <= 1:
            yield kind, name, float(p)


def _agreement(ensemble: _Ensemble, kind: str, name: str) -> Findings:
    if len(ensemble.names) < 2:
        if kind == "judge":
            return {name: Missing(name, "no verdict comes from several judges")}
        return {}
    table = ensemble.table()
    prompts = np.array(ensemble.prompts)
    counts = np.stack([(table == side).sum(axis=1) for side in (-1.0, 0.0, 1.0)], axis=1)
    if not (counts.sum(axis=1) >= 2).any():
        return {name: Missing(name, f"no pair has a verdict of two {kind}s")}
    details = (
        {"kappas": _kappas(ensemble, table, prompts)}
        if len(ensemble.names) <= MOST_IN_PAIRS
        else {}
    )
    return {name: metric(name, alpha_estimate(counts, prompts), details)}


def _kappas(
    ensemble: _Ensemble, table: NDArray[np.float64], prompts: NDArray[np.int64]
) -> dict[str, dict[str, float]]:
    """By "one × other", as far as two ever judged the same pair."""
    found = {}
    for (name, i), (other, j) in combinations(ensemble.names.items(), 2):
        if not np.isnan(table[:, i] + table[:, j]).all():
            kappa = kappa_estimate(table[:, i], table[:, j], prompts)
            found[f"{name} × {other}"] = {
                "value": kappa.value,
                "low": kappa.low,
                "high": kappa.high,
                "n": kappa.n,
            }
    return found
