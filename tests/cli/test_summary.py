"""What the terminal says of a run that is over."""

from __future__ import annotations

from typing import Any

from rlaif_core.cli.summary import summary

ROUND: dict[str, Any] = {
    "round": 0,
    "responses": 128,
    "comparisons": 336,
    "verdicts": 330,
    "abstentions": 6,
    "candidates": 42,
    "preferences": 39,
    "dropped": {"agreement below 0.8": 3, "duplicate response": 8},
    "judge": {"agreement": 0.86, "agreement_pairs": 127},
}
COST = {"calls": 2235, "cached": 2117, "usd": 0.0}


def said(*rounds: dict[str, Any], **run: Any) -> list[str]:
    metrics = {"rounds": list(rounds), "cost": COST, "seconds": {"judge": 12.4}, **run}
    lines = summary(metrics)
    return [" ".join(line.split()) for line in lines]


def test_preferences_are_counted_of_their_candidates_and_losses_by_their_reasons() -> None:
    lines = said(ROUND)
    assert "preferences 39 of 42 candidates" in lines
    assert "left out 8 × duplicate response, 3 × agreement below 0.8" in lines


def test_answers_from_the_ledger_are_no_part_of_the_calls() -> None:
    line = "2235 calls to models, and 2117 more answers from the ledger; $0.0000, 12 s"
    assert line in said(ROUND)


def test_an_accuracy_stands_with_its_interval_and_with_what_it_was_measured_on() -> None:
    model = {"accuracy": 1.0, "accuracy_low": 0.283, "accuracy_high": 1.0, "heldout": 4}
    lines = said({**ROUND, "reward_model": model})
    assert "reward model accuracy 100.0% [28.3%, 100.0%] on 4 held-out preferences" in lines


def test_agreement_says_how_many_pairs_could_agree() -> None:
    assert "agreement of votes 86.0% on 127 pairs" in said(ROUND)
    assert not any("agreement of" in line for line in said({**ROUND, "judge": {}}))


def test_a_metric_that_is_missing_says_why() -> None:
    missing = {"label": "Win rate", "reason": "the judge abstained on all 24 held-out prompts"}
    lines = said({**ROUND, "not_measured": {"policy": {"win_rate": missing}}})
    assert "win rate not measured: the judge abstained on all 24 held-out prompts" in lines


def test_a_metric_stands_after_its_baseline_and_with_its_unit() -> None:
    score = {"label": "gold score", "value": 0.633, "baseline": 0.375, "low": 0.6, "high": 0.7}
    divergence = {"label": "KL from the base", "value": 0.122, "unit": "nats a response"}
    lines = said({**ROUND, "records": {"policy": {"gold_score": score, "kl": divergence}}})
    assert "gold score 0.375 → 0.633 [0.600, 0.700]" in lines
    assert "KL from the base 0.122 nats a response" in lines


def test_the_headlines_of_a_group_stand_for_it() -> None:
    rate = {"label": "win rate", "value": 0.7, "headline": True}
    lines = said({**ROUND, "records": {"policy": {"win_rate": rate, "length": {"value": 12.0}}}})
    assert "win rate 0.700" in lines
    assert not any(line.startswith("length") for line in lines)


def test_of_a_judge_only_headlines_are_named() -> None:
    same = {"label": "same verdict in both orders", "value": 0.8, "headline": True}
    records = {"train": {"position_consistency": same, "cycle_rate": {"value": 0.1}}}
    lines = said({**ROUND, "judge": {"records": records}})
    assert "same verdict in both orders 0.800" in lines
    assert not any(line.startswith("cycle_rate") for line in lines)


def test_a_metric_with_a_record_has_a_line_whoever_measured_it() -> None:
    toxicity = {"label": "toxic responses", "value": 0.25, "low": 0.2, "high": 0.3}
    toxicity |= {"n": 400, "items": "responses", "unit": "share"}
    records = {"policy": {"toxicity": toxicity}, "style": {"rhymes": {"value": 3, "unit": "lines"}}}
    lines = said({**ROUND, "records": records})
    assert "toxic responses 0.250 [0.200, 0.300] on 400 responses" in lines
    assert "rhymes 3.000 lines" in lines


def test_a_figure_with_a_record_is_shown_by_it_alone() -> None:
    win_rate = {"value": 0.7, "low": 0.5, "high": 0.9}
    records = {"policy": {"win_rate": {**win_rate, "label": "win rate", "unit": "share"}}}
    lines = said({**ROUND, "policy": {"win_rate": win_rate}, "records": records})
    assert [line for line in lines if line.startswith("win rate")] == [
        "win rate 0.700 [0.500, 0.900]"
    ]


def test_the_best_round_is_told_with_those_that_it_may_have_met_by_chance() -> None:
    best = {"round": 1, "by": "policy.gold_score", "value": 0.633, "near": [0]}
    assert said(ROUND, {**ROUND, "round": 1}, best=best)[-1] == (
        "best round: 1, by policy.gold_score (0.633); perhaps by chance: its interval meets that "
        "of round 0"
    )


def test_a_run_without_judging_has_no_line_of_verdicts() -> None:
    lines = said({**ROUND, "comparisons": 0, "candidates": 0, "preferences": 0, "dropped": {}})
    assert not any(line.startswith(("verdicts", "preferences", "left out")) for line in lines)


def test_held_out_prompts_that_are_trained_on_are_a_warning() -> None:
    line = "warning: 32 held-out prompts are also training prompts"
    assert line in said(ROUND, prompts={"train": 32, "heldout": 32, "shared": 32})
