"""Agreement with another run on the same pairs."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from rlaif_core.runs import Run
from rlaif_core.store.ledger import Ledger
from rlaif_report.other_runs import Agreement, agreement
from tests.support.ballot_box import judged


def compared(ledger: Ledger, other: Ledger) -> Agreement | str:
    return agreement(Run(Path(), ledger), Run(Path(), other))


def test_the_labels_of_two_runs_are_compared_pair_by_pair(ledger: Ledger, tmp_path: Path) -> None:
    rng = random.Random(12)
    pairs = judged(ledger, lambda a, b: rng.choice([0.1, 0.9]), texts="ab", votes=3)
    repeated = Ledger(tmp_path / "again.sqlite")
    again = [replace(pair, p_a=1.0 - (pair.p_a or 0.0)) for pair in pairs[:10]] + pairs[10:]
    repeated.keep_judged(0, "train", again)
    found = compared(ledger, repeated)
    assert isinstance(found, Agreement)
    assert found.kappa.n == 60
    undecided = sum(pair.p_a == 0.5 for pair in pairs[:10])
    assert found.same_side == pytest.approx((50 + undecided) / 60)
    itself = compared(ledger, ledger)
    assert isinstance(itself, Agreement)
    assert itself.kappa.value == 1.0
    repeated.close()


def test_runs_on_other_pairs_are_not_compared(ledger: Ledger, tmp_path: Path) -> None:
    judged(ledger, lambda a, b: 0.9, texts="ab")
    empty = Ledger(tmp_path / "other.sqlite")
    assert compared(ledger, empty) == "the two runs have judged no pair in common"
    empty.close()
