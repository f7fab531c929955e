"""Prompts and preferences that nothing can be learned from: one line with the fix."""

from __future__ import annotations

from typing import Any

import pytest

from rlaif_core.api import DataError
from tests.support.inside import Inside, inside

__all__ = ["inside"]

TRAINS: dict[str, Any] = {"optimizer": {"use": "./toy.py:Weighing"}}


def test_no_preference_left_is_said_with_what_became_of_them(inside: Inside) -> None:
    strict = [{"use": "confidence", "params": {"min": 0.999}}]
    with pytest.raises(DataError) as raised:
        inside.run(**TRAINS, filters=strict)
    told = str(raised.value)
    assert told.startswith("round 0 kept no preference to train on: ")
    assert "loosen the filters" in told
    assert "\n" not in told
    assert not (inside.folder / "run" / "round-0" / "policy").exists()


def test_a_source_without_prompts_is_refused(inside: Inside) -> None:
    nothing = {"train": {"use": "./toy.py:Prompts", "params": {"n": 0}}}
    with pytest.raises(DataError, match=r"prompts\.train: the source gave no prompt"):
        inside.run(prompts=nothing)


def test_more_rounds_than_fresh_prompts_are_refused_before_anything_is_asked(
    inside: Inside,
) -> None:
    with pytest.raises(DataError, match="12 training prompts cannot be fresh in each of 13 rounds"):
        inside.run(**TRAINS, rounds={"n": 13, "prompts": "fresh"})
    assert inside.ledger.cost().calls == 0
