"""Models ranked by who wins against whom, in one round and over all of them."""

from __future__ import annotations

import math
import random

from rlaif_core.api import JudgedPair, Response, Verdict, Vote
from rlaif_core.store.ledger import Ledger
from tests.support.ballot_box import better, judged, prompt, ranked, reliability


def test_models_are_ranked_with_what_the_order_adds(ledger: Ledger) -> None:
    rng = random.Random(6)
    strength = {"weak": -1.0, "middle": 0.0, "strong": 1.0}

    def biased(first: Response, second: Response) -> float:
        lead = strength[first.model] - strength[second.model] + 0.8
        return float(rng.random() < 1 / (1 + math.exp(-lead)))

    judged(ledger, biased, models=list(strength), prompts=400)
    table = reliability(ledger)["models"]["train"]
    assert [row["model"] for row in table["models"]] == ["strong", "middle", "weak"]
    for row in table["models"]:
        rating = row["rating"]
        assert rating["low"] - 0.1 < strength[row["model"]] < rating["high"] + 0.1
        assert row["comparisons"] == 800
    assert table["order_effect"]["low"] < 0.8 < table["order_effect"]["high"]
    points = [row["elo"] for row in table["models"]]
    assert points == sorted(points, reverse=True)
    assert "prior" not in table


def test_a_model_that_never_lost_is_held_finite_by_a_prior(ledger: Ledger) -> None:
    judged(ledger, better, texts="ab", models=("first", "second"))
    table = reliability(ledger)["models"]["train"]
    assert [row["model"] for row in table["models"]] == ["second", "first"]
    assert table["prior"] == 1.0
    assert all(math.isfinite(row["rating"]["high"]) for row in table["models"])


def test_one_model_alone_is_not_ranked(ledger: Ledger) -> None:
    judged(ledger, better)
    assert "models" not in reliability(ledger)


def test_policies_of_all_rounds_are_ranked_against_the_base(ledger: Ledger) -> None:
    rng = random.Random(2)
    heldout = [prompt(f"h{i:03}") for i in range(150)]
    ledger.keep_prompts("heldout", heldout)
    base = {held.id: Response.of(held, "base", 0, model="base") for held in heldout}
    ledger.keep_responses(0, "before", base.values())
    for number, rate in enumerate((0.6, 0.8)):
        pairs = []
        for held in heldout:
            new = Response.of(held, f"round {number}", 0, model=f"policy-{number}")
            ledger.keep_responses(number, "after", [new])
            p = float(rng.random() < rate)
            votes = (Vote("ab", 0, Verdict(p)), Vote("ba", 0, Verdict(1.0 - p)))
            pairs.append(JudgedPair(held, new, base[held.id], votes, p, 1.0))
        ledger.keep_judged(number, "evaluation", pairs)
    table = ranked(ledger, 2)
    assert table is not None
    assert [row["model"] for row in table["models"]] == ["policy-1", "policy-0", "base"]
