"""Preferences that run in circles, against what noise alone makes of them."""

from __future__ import annotations

import math
import random

from rlaif_core.api import Response
from rlaif_core.store.ledger import Ledger
from tests.support.ballot_box import better, judged, train, warned


def test_preferences_in_a_circle_are_no_noise(ledger: Ledger) -> None:
    beats = {("r", "s"), ("s", "p"), ("p", "r")}
    judged(ledger, lambda a, b: float((a.text[0], b.text[0]) in beats), texts="rps")
    measures, _ = train(ledger)
    assert measures["cycle_rate"]["value"] == 1.0
    assert measures["cycle_rate"]["n"] == 60
    assert measures["circularity"]["value"] == 1.0
    assert any("run in circles" in line for line in warned(ledger))


def test_a_noisy_judge_makes_cycles_that_are_only_noise(ledger: Ledger) -> None:
    rng = random.Random(9)
    strength = {"a": 0.0, "b": 0.4, "c": 0.8}

    def noisy(first: Response, second: Response) -> float:
        lead = strength[first.text[0]] - strength[second.text[0]]
        return float(rng.random() < 1 / (1 + math.exp(-lead)))

    judged(ledger, noisy, texts="abc", votes=3, prompts=200)
    measures, _ = train(ledger)
    assert measures["cycle_rate"]["value"] > 0.02
    assert measures["circularity"]["p_value"] > 0.01
    assert not any("circles" in line for line in warned(ledger))


def test_two_responses_a_prompt_cannot_run_in_a_circle(ledger: Ledger) -> None:
    judged(ledger, better, texts="ab")
    _, missing = train(ledger)
    assert "three responses" in missing["cycle_rate"]
    assert "the pairing `all`" in missing["circularity"]


def test_ties_among_pairs_that_were_all_judged_are_not_blamed_on_the_pairing(
    ledger: Ledger,
) -> None:
    judged(ledger, lambda a, b: 0.5, texts="abc")
    _, missing = train(ledger)
    assert "have a tie or an abstention" in missing["cycle_rate"]
    assert "ties and abstentions left no two prompts" in missing["circularity"]


def test_circles_of_pairs_that_were_asked_once_want_more_votes(ledger: Ledger) -> None:
    judged(ledger, better, texts="abc", orders=("ab",))
    _, missing = train(ledger)
    assert missing["circularity"].endswith("ask more votes")
