"""What every run measures of its judge, on ledgers written by judges whose faults are known."""

from __future__ import annotations

import json
import math
import random
from itertools import combinations, count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlaif_core.api import JudgedPair, Order, Response, Vote
from rlaif_core.cli import main
from rlaif_core.metrics.judge import section, warnings
from rlaif_core.metrics.run import judge_metrics
from rlaif_core.store.ledger import Ledger
from rlaif_judge_metrics.catalogue import CATALOGUE, metric
from rlaif_stats.agreement import krippendorff_alpha
from rlaif_stats.intervals import Estimate
from tests.support.ballot_box import (
    against_quality,
    ask,
    better,
    judged,
    jury,
    prompt,
    ranked,
    reliability,
    train,
    warned,
)
from tests.support.fixtures import Toy


def test_a_judge_led_by_quality_has_no_position_bias(ledger: Ledger) -> None:
    judged(ledger, better)
    measures, _ = train(ledger)
    assert measures["position_consistency"]["value"] == 1.0
    assert measures["position_consistency"]["n"] == 60 * 3
    assert measures["first_position_rate"]["value"] == 0.5
    assert measures["preference_fairness"]["value"] == 0.0
    assert warned(ledger) == []


def test_a_judge_that_always_takes_the_first_is_warned_about(ledger: Ledger) -> None:
    judged(ledger, lambda first, second: 1.0)
    measures, _ = train(ledger)
    assert measures["position_consistency"]["value"] == 0.0
    assert measures["first_position_rate"]["value"] == 1.0
    assert measures["preference_fairness"]["value"] == -1.0
    consistency, rate = warned(ledger)
    assert consistency.startswith("same verdict in both orders: 0.000 [0.000,")
    assert "below 0.65" in consistency
    assert "above 0.6" in rate
    assert "limit: set by this project" in rate


def test_an_abstention_counts_against_consistency_and_is_on_no_side(ledger: Ledger) -> None:
    judged(ledger, lambda first, second: 1.0 if first.index < second.index else None, texts="ab")
    measures, _ = train(ledger)
    assert measures["position_consistency"]["value"] == 0.0
    assert measures["position_consistency"]["n"] == 60
    assert measures["first_position_rate"]["n"] == 60
    assert "preference_fairness" not in measures


def test_one_order_alone_cannot_tell_position_from_quality(ledger: Ledger) -> None:
    judged(ledger, better, orders=["ab"])
    measures, missing = train(ledger)
    assert "`orders: both`" in missing["first_position_rate"]
    assert "both orders" in missing["position_consistency"]
    assert not {"position_consistency", "first_position_rate"} & measures.keys()


def test_orders_drawn_at_random_show_the_first_positions_rate(ledger: Ledger) -> None:
    rng = random.Random(1)
    one = prompt("p")
    drawn = [Response.of(one, f"r{i}", i) for i in range(40)]
    ledger.keep_prompts("train", [one])
    ledger.keep_responses(0, "train", drawn)
    either: tuple[Order, ...] = ("ab", "ba")
    pairs = [
        ask(lambda first, second: 1.0, one, a, b, orders=[rng.choice(either)])
        for a, b in combinations(drawn, 2)
    ]
    ledger.keep_judged(0, "train", pairs)
    measures, missing = train(ledger)
    assert measures["first_position_rate"]["value"] == 1.0
    assert "position_consistency" in missing


def test_intervals_take_the_prompt_as_what_was_sampled(ledger: Ledger) -> None:
    rng = random.Random(3)
    mood = {f"p{i:04}": rng.random() < 0.5 for i in range(60)}
    judged(ledger, lambda a, b: float(mood[a.prompt_id]), texts=[f"t{i}" for i in range(6)])
    rate = train(ledger)[0]["first_position_rate"]
    assert rate["n"] == 60 * 15 * 2
    # Sixty prompts are what is known, not 1,800 verdicts.
    assert rate["high"] - rate["low"] > 2 * 1.9 * math.sqrt(0.25 / 60)


def test_repeated_votes_are_measured_question_by_question(ledger: Ledger) -> None:
    rng = random.Random(5)
    pairs = judged(ledger, lambda a, b: rng.choice([0.9, 0.9, 0.5, 0.1]), votes=3)
    measures, _ = train(ledger)
    table = [
        [np.sign((vote.p_a or 0.0) - 0.5) for vote in pair.votes if vote.order == order]
        for pair in pairs
        for order in ("ab", "ba")
    ]
    most = [max(row.count(side) for side in row) / 3 for row in table]
    assert measures["repetition_stability"]["value"] == pytest.approx(np.mean(most))
    assert measures["repetition_stability"]["n"] == len(table)
    assert measures["vote_alpha"]["value"] == pytest.approx(krippendorff_alpha(np.array(table).T))
    assert any("same answer when asked again" in line for line in warned(ledger))


def test_one_vote_a_question_says_nothing_about_repetition(ledger: Ledger) -> None:
    judged(ledger, better)
    _, missing = train(ledger)
    assert "`votes: 2`" in missing["repetition_stability"]
    assert "`votes: 2`" in missing["vote_alpha"]


def test_abstentions_were_asked_but_agree_with_nothing(ledger: Ledger) -> None:
    calls = count()  # both orders, then the second vote on both
    judged(ledger, lambda a, b: None if next(calls) % 4 < 2 else 1.0, votes=2)
    measures, missing = train(ledger)
    assert measures["repetition_stability"]["value"] == 0.5
    assert "vote_alpha" in missing


def test_a_judge_of_length_is_seen_where_quality_is_known(ledger: Ledger) -> None:
    texts = ["short one", "a text that is longer", "a text that is by far the longest of them"]
    pairs = judged(
        ledger, lambda first, second: float(len(first.text) > len(second.text)), texts=texts
    )
    measures, missing = train(ledger)
    assert measures["longer_win_rate"]["value"] == 1.0
    assert "nothing but the judge" in missing["longer_win_rate_at_equal_quality"]
    noise = random.Random(2)
    found = against_quality(((pair, noise.gauss(0, 1)) for pair in pairs), "gold score")
    equal = found["measures"]["train"]["longer_win_rate_at_equal_quality"]
    assert equal["value"] > 0.95
    assert equal["by"] == "gold score"
    assert "length itself" in warnings(found)[0]


def test_longer_responses_that_are_better_are_no_length_bias(ledger: Ledger) -> None:
    rng = random.Random(4)
    one = prompt("p")
    rows: list[tuple[JudgedPair, float | None]] = []
    for i in range(400):
        lead = rng.gauss(0.5, 1.0)  # of the longer one, which is better more often than not
        longer = Response.of(one, "x" * 20, 2 * i)
        shorter = Response.of(one, "x" * 10, 2 * i + 1)
        won = float(rng.random() < 1 / (1 + math.exp(-3 * lead)))
        rows.append((JudgedPair(prompt(f"p{i}"), longer, shorter, (), won, 1.0), lead))
    equal = against_quality(rows, "gold score")["measures"]["train"][
        "longer_win_rate_at_equal_quality"
    ]
    assert sum(pair.p_a or 0.0 for pair, _ in rows) / 400 > 0.6
    assert equal["low"] < 0.5 < equal["high"]


def test_quality_that_nobody_knows_is_said_to_be_missing() -> None:
    found = against_quality([], "given labels")
    assert "given labels" in found["not_measured"]["train"]["longer_win_rate_at_equal_quality"]


def test_a_judge_of_position_is_not_told_to_do_what_was_done(ledger: Ledger) -> None:
    judged(ledger, lambda a, b: 0.9)
    (line,) = [line for line in warned(ledger) if "goes by position" in line]
    assert "both orders average that out of the labels, one order does not" in line


def test_what_needs_both_orders_says_whom_that_is_for(ledger: Ledger) -> None:
    judged(ledger, better, orders=("ab",))
    _, missing = train(ledger)
    assert "`orders: both`" in missing["position_consistency"]
    assert "one by one is shown no order" in missing["position_consistency"]
    assert "one by one is shown no order" in missing["first_position_rate"]
    assert "of a judge that asks a model" in missing["repetition_stability"]


def test_a_judge_that_always_abstained_has_no_figures(ledger: Ledger) -> None:
    judged(ledger, lambda a, b: None, votes=2)
    measures, missing = train(ledger)
    assert measures == {}
    assert missing["position_consistency"] == "every verdict abstained"
    assert missing["repetition_stability"] == "every verdict abstained"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**20))
def test_which_response_was_proposed_first_changes_nothing(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("swapped")
    found = []
    rng = random.Random(seed)
    for name in ("proposed", "swapped"):
        ledger = Ledger(folder / f"{name}-{rng.random()}.sqlite")
        if name == "proposed":
            pairs = judged(
                ledger,
                lambda a, b: rng.choice([0.9, 0.5, 0.2, None]),
                prompts=12,
                votes=2,
                models=("m", "n"),
            )
        else:
            ledger.keep_prompts("train", [pair.prompt for pair in pairs[::3]])
            responses = {response.id: response for pair in pairs for response in (pair.a, pair.b)}
            ledger.keep_responses(0, "train", responses.values())
            ledger.keep_judged(0, "train", [flipped(pair) for pair in pairs])
        found.append(reliability(ledger))
        ledger.close()
    ours, theirs = found
    assert ours["not_measured"] == theirs["not_measured"]
    assert_close(ours["measures"], theirs["measures"])


def flipped(pair: JudgedPair) -> JudgedPair:
    votes = tuple(
        Vote("ba" if vote.order == "ab" else "ab", vote.index, vote.verdict) for vote in pair.votes
    )
    p = None if pair.p_a is None else 1.0 - pair.p_a
    return JudgedPair(pair.prompt, pair.b, pair.a, votes, p, pair.agreement)


def assert_close(one: Any, other: Any) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_close(one[key], other[key])
    elif isinstance(one, float):
        assert one == pytest.approx(other, abs=1e-9)
    else:
        assert one == other


def test_every_measure_is_in_the_catalogue_and_says_what_it_means(ledger: Ledger) -> None:
    judged(ledger, lambda a, b: jury({"x": 0.8, "y": 0.4}), votes=2)
    measures, missing = train(ledger)
    assert measures.keys() | missing.keys() <= CATALOGUE.keys()
    assert not measures.keys() & missing.keys()
    assert all(described.description.endswith(".") for described in CATALOGUE.values())
    assert all(described.bounds.source for described in CATALOGUE.values() if described.bounds)


def test_a_bad_figure_on_few_items_is_no_warning(ledger: Ledger) -> None:
    judged(ledger, lambda a, b: 1.0, prompts=7, texts="ab")
    measures, _ = train(ledger)
    assert measures["first_position_rate"]["value"] == 1.0
    assert warned(ledger) == []


def test_nothing_judged_is_nothing_measured(ledger: Ledger) -> None:
    assert reliability(ledger) == {}
    assert ranked(ledger, 1) is None
    assert judge_metrics(ledger, 0)["warnings"] == []


def test_a_finished_stage_is_not_measured_again(ledger: Ledger) -> None:
    judged(ledger, better)
    kept = {"measures": {"train": {"position_consistency": {"value": 0.25, "n": 4}}}}
    ledger.keep_stage(0, "judge", 1.0, {"judge": kept}, done=True)
    assert judge_metrics(ledger, 0)["position_consistency"] == 0.25


def test_truth_that_an_evaluator_brings_ends_the_reason_why_it_was_missing(ledger: Ledger) -> None:
    name = "longer_win_rate_at_equal_quality"
    judged(ledger, better)
    ledger.keep_stage(0, "judge", 1.0, {"judge": reliability(ledger)}, done=True)
    assert name in judge_metrics(ledger, 0)["not_measured"]["train"]
    estimate = Estimate(0.7, 0.65, 0.75, 90)
    found = section("train", [metric(name, estimate)])
    ledger.keep_stage(0, "evaluate", 1.0, {"judge": found}, done=True)
    told = judge_metrics(ledger, 0)
    assert name not in told["not_measured"]["train"]
    assert told["measures"]["train"][name]["value"] == 0.7
    assert any("length itself" in line for line in told["warnings"])


def test_a_run_measures_its_judge_and_says_what_is_wrong(toy: Toy) -> None:
    done = toy.run("--json")
    assert done.returncode == 0, done.stderr
    (number,) = json.loads(done.stdout)["rounds"]
    judge = number["judge"]
    trained = judge["measures"]["train"]
    assert judge["position_consistency"] == trained["position_consistency"]["value"]
    for name in ("position_consistency", "repetition_stability", "first_position_rate"):
        assert {"value", "low", "high", "n"} <= trained[name].keys()
    assert {"near_duplicate_consistency", "juror_alpha"} <= judge["not_measured"]["train"].keys()
    # The toy answers at random, which no one should train on.
    assert any("same verdict in both orders" in line for line in judge["warnings"])
    assert "same verdict in both orders" in done.stderr


def test_what_is_wrong_on_held_out_pairs_is_said_once(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    command = toy.command("--set", "prompts.heldout.params.n=40")[3:]
    for _ in range(2):  # the second time, the stage is done
        assert main(command) == 0
    warned = "round 0: judge, on held-out pairs, same verdict in both orders:"
    assert capsys.readouterr().err.count(warned) == 1


def test_labels_are_a_quality_that_the_judge_has_no_part_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "judge.py").write_text(LONGER)
    (tmp_path / "judge.yaml").write_text('api: 1\njudge: {use: "./judge.py:Longer"}\n')
    rng = random.Random(1)
    rows = [
        {
            "prompt": f"question {i}",
            "response_a": "word " * rng.randint(1, 9),
            "response_b": "word " * rng.randint(1, 9) + "!",
            "label": rng.choice(["a", "b", "tie"]),
        }
        for i in range(60)
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pairs, run = str(tmp_path / "pairs.jsonl"), str(tmp_path / "run")
    command = ["judge", str(tmp_path / "judge.yaml"), "--pairs", pairs, "--run-dir", run]
    assert main([*command, "--allow-local-code"]) == 0
    told = json.loads((tmp_path / "run" / "metrics.json").read_text())
    equal = told["judge"]["measures"]["train"]["longer_win_rate_at_equal_quality"]
    assert equal["by"] == "given labels"
    assert equal["value"] > 0.9
    assert "length itself is rewarded" in capsys.readouterr().err


LONGER = '''
from rlaif_core.api import Comparison, PairwiseJudge, Verdict


class Longer(PairwiseJudge):
    """Prefers the longer response."""

    async def compare(self, comparison: Comparison) -> Verdict:
        return Verdict(float(len(comparison.first.text) > len(comparison.second.text)))
'''
