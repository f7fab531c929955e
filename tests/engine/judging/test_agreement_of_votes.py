"""How far the votes on a pair agree: only where there is more than one to agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlaif_core.metrics.run import judge_metrics
from rlaif_core.store.ledger import Ledger
from tests.support.ballot_box import judged


def test_two_orders_that_contradict_each_other_agree_by_half(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    judged(ledger, lambda first, second: 0.9, prompts=4)
    found = judge_metrics(ledger, 0)
    assert found["agreement"] == 0.5
    assert found["agreement_pairs"] == 4 * 3
    ledger.close()


def test_votes_for_one_response_in_both_orders_agree(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    judged(ledger, lambda first, second: 0.9 if len(first.text) > len(second.text) else 0.1)
    assert judge_metrics(ledger, 0)["agreement"] == 1.0
    ledger.close()


@pytest.mark.parametrize(
    ("said", "orders"),
    [(0.5, ("ab", "ba")), (None, ("ab", "ba")), (0.9, ("ab",))],
    ids=["ties", "abstentions", "a vote alone"],
)
def test_what_takes_no_side_or_is_alone_is_no_agreement(tmp_path: Path, said, orders) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    judged(ledger, lambda first, second: said, prompts=4, orders=orders)
    assert not {"agreement", "agreement_pairs"} & judge_metrics(ledger, 0).keys()
    ledger.close()
