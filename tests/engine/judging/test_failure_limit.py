"""Failed calls: one is a response or a verdict less; too many stop the run, which can go on."""

from __future__ import annotations

import random
import re

import pytest

from rlaif_core.api import DataError, RunError
from rlaif_core.cli import main
from rlaif_core.engine.judging.failure_limit import FEWEST_FOR_ALARM, FailureLimit
from rlaif_core.runs.reasons import NO_RESPONSE
from tests.support.fixtures import Toy
from tests.support.inside import BASE, Inside, inside

__all__ = ["inside"]

FIXED = ("--set", "policy.params.broken=0", "--accept-changes")


def play(toy: Toy, *more: str, run_dir: str = "run") -> int:
    return main(toy.command(*more, run_dir=run_dir)[3:])


def test_a_share_that_is_allowed_is_borne_and_a_larger_one_is_not() -> None:
    failures = FailureLimit("judge", 0.05, "judge.max_failures")
    failures.count(95)
    failures.count(5, 5, "too long")
    failures.finish()
    failures.count(1, 1, "no such model")
    with pytest.raises(RunError) as raised:
        failures.finish()
    told = str(raised.value)
    assert told.startswith("6 of 101 judge calls failed (5.94%, allowed 5%), the last: no such")
    assert told.endswith("run the same command again, or raise judge.max_failures")


def test_chance_is_no_reason_to_stop_while_more_is_to_come() -> None:
    failures = FailureLimit("judge", 0.05, "judge.max_failures")
    failures.count(128, 11, "no")  # 8.6 %, where 4.5 % would come to that in one run of thirty
    with pytest.raises(RunError, match=r"13 of 130 judge calls failed"):
        failures.count(2, 2, "no")


@pytest.mark.parametrize(("fails", "stops"), [(0.04, False), (0.07, True)])
def test_windows_that_are_looked_at_one_by_one_stop_a_run_that_fails_too_often_alone(
    fails: float, stops: bool
) -> None:
    stopped = 0
    for seed in range(40):
        chance, failures = random.Random(seed), FailureLimit("judge", 0.05, "judge.max_failures")
        try:
            for _ in range(80):
                failures.count(128, sum(chance.random() < fails for _ in range(128)))
        except RunError:
            stopped += 1
    assert (stopped >= 38) if stops else (stopped <= 2)


def test_few_calls_are_no_reason_to_stop() -> None:
    failures = FailureLimit("judge", 0.0, "judge.max_failures")
    failures.count(FEWEST_FOR_ALARM - 1, FEWEST_FOR_ALARM - 1, "no")
    with pytest.raises(RunError, match=r"49 of 50 judge calls failed .*the last: no;"):
        failures.count(1)


def test_at_the_end_few_calls_are_looked_at_too() -> None:
    failures = FailureLimit("judge", 0.05, "judge.max_failures")
    failures.count(10, 1, "no")
    failures.finish()
    failures.count(10, 1, "no such model")
    with pytest.raises(RunError, match=r"2 of 20 judge calls failed .*the last: no such model;"):
        failures.finish()
    failures.finish(causes=1)


def test_the_only_call_of_all_may_not_fail() -> None:
    failures = FailureLimit("judge", 0.05, "judge.max_failures")
    failures.finish()
    failures.count(1, 1, "no")
    with pytest.raises(RunError, match="1 of 1 judge calls failed"):
        failures.finish()


def test_failed_verdicts_are_abstentions_until_too_many(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.write(judge="broken: 0.1")
    assert play(toy, "--set", "judge.max_failures=0.5", run_dir="tolerant") == 0
    (number,) = toy.metrics("tolerant")["rounds"]
    assert number["judge"]["abstentions"]["failed"] > 0
    capsys.readouterr()
    assert play(toy, run_dir="strict") == 2
    told = capsys.readouterr().err
    assert "judge calls failed" in told
    assert "the toy is broken" in told


def test_a_share_is_looked_at_when_the_last_pair_was_judged_and_not_after_each_proposal(
    inside: Inside,
) -> None:
    prompts = {**BASE["prompts"], "train": {"use": "./toy.py:Prompts", "params": {"n": 7}}}
    sections = {"prompts": prompts, "judge": {"use": "./kinds.py:Faltering"}}
    (number,) = inside.run(**sections, pairing={"use": "./kinds.py:Singly"})["rounds"]
    assert number["judge"]["abstentions"] == {"failed": 2}  # of 42; of the first 14 it is too many


def test_a_failed_response_is_one_less(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    toy.write(policy="broken: 0.02", n=40)
    assert play(toy) == 0
    (number,) = toy.metrics()["rounds"]
    assert 40 * 3 - 12 < number["responses"] < 40 * 3
    assert number["dropped"][NO_RESPONSE] > 0
    told = capsys.readouterr().err
    assert "no responses: the toy is broken" in told
    assert f"responses to 40 prompts, {number['dropped'][NO_RESPONSE]} of which got none" in told


def test_too_many_failed_responses_stop_the_run_which_goes_on_for_nothing_paid_twice(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.write(policy="broken: 0.2", n=40)
    assert play(toy) == 2
    told = capsys.readouterr().err
    (error,) = [line for line in told.splitlines() if line.startswith("error: ")]
    # A prompt is done with its first failure: its other calls may still be in flight.
    assert re.search(r"of 1(18|19|20) sampler calls failed", error)
    assert "allowed 5%), the last: the toy is broken; fix that and run the same command" in error
    assert "or raise sampler.max_failures" in error
    assert told.count("no responses: ") == 3
    assert told.count("they are counted, not listed") == 1
    answered = toy.asked()
    assert 0.7 * 120 < len(answered) < 120

    assert play(toy, *FIXED) == 0
    assert len(toy.asked()) == len(set(toy.asked()))
    assert toy.asked()[: len(answered)] == answered
    assert toy.metrics()["rounds"][0]["responses"] == 120
    assert play(toy, "--set", "policy.params.broken=0", run_dir="calm") == 0
    assert toy.preferences() == toy.preferences("calm")


def test_a_prompt_that_lost_some_of_its_responses_gets_them_once_it_is_fixed(toy: Toy) -> None:
    pytest.importorskip("rlaif_samplers")
    toy.write(policy="broken: 0.2", n=40)
    sweep = ["--set", "sampler.use=sweep", "--set", "sampler.params.n=3"]
    assert play(toy, *sweep) == 2
    assert play(toy, *sweep, *FIXED) == 0
    assert toy.metrics()["rounds"][0]["responses"] == 120
    assert len(toy.asked()) == len(set(toy.asked()))


def test_a_share_of_failed_responses_can_be_allowed(toy: Toy) -> None:
    toy.write(policy="broken: 0.2", n=40)
    allowed = [f"--set={place}.max_failures=0.4" for place in ("sampler", "evaluation")]
    assert play(toy, *allowed) == 0


def test_a_run_that_goes_on_asks_again_what_had_failed(toy: Toy) -> None:
    """The first window is done but for a few prompts; the budget ends the run in the second."""
    toy.write(policy="broken: 0.02", n=300)
    assert play(toy, "--set", "budget.calls=800") == 2
    answered = toy.asked()
    assert play(toy, "--set", "judge.votes=1", "--set", "judge.orders=ab", *FIXED) == 0
    assert toy.metrics()["rounds"][0]["responses"] == 300 * 3
    assert len(toy.asked()) == len(set(toy.asked())) > len(answered)


def test_failures_of_an_earlier_try_alone_do_not_stop_the_next(toy: Toy) -> None:
    """Refused for good, they are asked again and fail again: of all calls they are few."""
    toy.write(policy="broken: 0.04", n=300)
    assert play(toy, "--set", "budget.calls=800") == 2
    few = ["--set", "judge.votes=1", "--set", "judge.orders=ab"]
    assert play(toy, *few, "--accept-changes") == 0


def test_too_many_failed_held_out_responses_stop_the_run(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.write(policy="broken: 0.2")
    settings = ["--set", "prompts.heldout.params.n=60", "--set", "sampler.max_failures=1"]
    assert play(toy, *settings) == 2
    told = capsys.readouterr().err
    assert "of 60 evaluation calls failed" in told
    assert "or raise evaluation.max_failures" in told
    assert play(toy, *settings, *FIXED) == 0
    assert len(toy.asked()) == len(set(toy.asked()))


def test_a_run_whose_judge_never_says_anything_stops_before_anything_learns(
    inside: Inside,
) -> None:
    judge = {"use": "./kinds.py:Above", "params": {"missing": 1.0}}
    said = (
        r"the judge returned no verdict: 36 of 36 verdicts are missing \(36 unknown\), "
        "for instance: no"
    )
    with pytest.raises(DataError, match=said):
        inside.run(judge=judge, optimizer={"use": "./toy.py:Copy"})
    assert not inside.ledger.stage(0, "select")[2]
