"""How one round follows another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from rlaif_core.api import RunError
from tests.support.inside import Inside, inside

__all__ = ["inside"]

COPY: dict[str, Any] = {"optimizer": {"use": "./toy.py:Copy"}}


def policy(inside: Inside, number: int) -> dict[str, str]:
    path = inside.folder / "run" / f"round-{number}" / "policy" / "policy.json"
    return dict(json.loads(path.read_text()))


def rows(inside: Inside, number: int) -> list[dict[str, Any]]:
    folder: Path = inside.folder / "run" / f"round-{number}" / "preferences"
    found: list[dict[str, Any]] = pq.read_table(folder).to_pylist()
    return found


@pytest.mark.parametrize("reference", ["reset", "keep"])
def test_the_reference_is_the_rounds_start_or_stays_the_base(
    reference: str, inside: Inside
) -> None:
    inside.run(**COPY, rounds={"n": 2, "reference": reference})
    first, second = policy(inside, 0), policy(inside, 1)
    assert first == {"checkpoint": "base", "reference": "base"}
    assert second["checkpoint"].endswith("round-0/policy")
    assert second["reference"] == (second["checkpoint"] if reference == "reset" else "base")


def test_fresh_prompts_are_each_seen_in_one_round(inside: Inside) -> None:
    inside.run(**COPY, rounds={"n": 2, "prompts": "fresh"})
    seen = [set(inside.ledger.responses(number, "train")) for number in (0, 1)]
    assert len(seen[0]) == len(seen[1]) == 6
    assert not seen[0] & seen[1]


def test_earlier_preferences_are_mixed_in_by_share(inside: Inside) -> None:
    metrics = inside.run(**COPY, rounds={"n": 2, "mix": 0.25, "prompts": "fresh"})
    kept = metrics["rounds"][1]["preferences"]
    ids = {row["id"] for row in rows(inside, 0)}
    mixed = [row for row in rows(inside, 1) if row["id"] in ids]
    assert len(rows(inside, 1)) == kept + len(mixed)
    assert len(mixed) == round(kept / 3)


def test_a_pair_that_the_round_has_itself_is_not_mixed_in_again(inside: Inside) -> None:
    inside.run(**COPY, rounds={"n": 2, "mix": 0.25})
    ids = [row["id"] for row in rows(inside, 1)]
    assert len(ids) == len(set(ids))


def test_several_snapshots_sample_in_turn(inside: Inside) -> None:
    sampler = {"use": "rlaif-samplers/sweep", "params": {"n": 4}}
    inside.run(**COPY, sampler=sampler, rounds={"n": 3, "snapshots": 2})
    for responses in inside.ledger.responses(2, "train").values():
        models = [response.model for response in responses]
        assert models == ["toy:round-1/policy", "toy:round-0/policy"] * 2


def test_new_responses_come_from_the_newest_policy_alone_unless_snapshots_are_asked_for(
    inside: Inside,
) -> None:
    inside.run(**COPY, rounds=3)
    for responses in inside.ledger.responses(2, "train").values():
        assert all(response.model == "toy:round-1/policy" for response in responses)


def test_every_round_is_evaluated_against_the_base_and_the_round_before(inside: Inside) -> None:
    metrics = inside.run(**COPY, rounds=2, evaluators=[{"use": "./kinds.py:Seen"}])
    assert [round_["policy"]["seen"] for round_ in metrics["rounds"]] == [[6, 6, 0], [6, 6, 6]]


def test_the_data_set_says_why_in_the_judges_words(inside: Inside) -> None:
    inside.run(**COPY)
    assert {row["explanation"] for row in rows(inside, 0)} == {"it is greater"}


def test_a_judge_that_settles_has_the_last_word(inside: Inside) -> None:
    inside.run(judge={"use": "./kinds.py:Settler"})
    for pair in inside.ledger.judged(0):
        assert pair.p_a == pytest.approx(0.2 if float(pair.a.text) > float(pair.b.text) else 0.8)
    assert inside.ledger.stage(0, "judge")[1]["settled"] == {"seen": 72}


def test_training_goes_on_from_its_checkpoints_which_go_once_it_is_done(inside: Inside) -> None:
    sections = {"optimizer": {"use": "./kinds.py:Checkpointing"}}
    work = inside.folder / "run" / "round-0" / ".policy.work"
    with pytest.raises(RunError, match="the power went out"):
        inside.run(**sections)
    assert (work / "step-1").exists()
    inside.run(**sections)
    assert policy(inside, 0) == {"resumed": True}
    assert not work.exists()


def test_another_recipe_starts_training_anew(inside: Inside) -> None:
    sections = {"optimizer": {"use": "./kinds.py:Checkpointing"}}
    for seed in (1, 2):
        with pytest.raises(RunError, match="the power went out"):
            inside.run(**sections, seed=seed)


def test_one_prompts_slow_judgement_does_not_hold_up_the_next_windows(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlaif_core.engine.judging.proposals.WINDOW", 6)
    metrics = inside.run(judge={"use": "./kinds.py:Patient", "model": "judge"})
    assert metrics["rounds"][0]["abstentions"] == 0
