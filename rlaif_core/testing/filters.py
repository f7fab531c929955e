"""Conformance of filters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

from rlaif_core.api import Drop, Filter, JudgeFacts, Preference
from rlaif_core.testing.conformance import Conformance, run
from rlaif_core.testing.sample import make_preference, make_prompt

LONGEST_REASON: Final = 80


class FilterConformance(Conformance[Filter[Any]]):
    """Checks a filter."""

    def preferences(self) -> Sequence[Preference]:
        """Preferences to try it on: add what your filter is there for, so that some are dropped."""
        texts = ("", "Four.", "Four, " * 200)
        return [
            make_preference(
                chosen, rejected, p_chosen, make_prompt(prompt_id=f"prompt-{n}"), **rest
            )
            for n, (chosen, rejected, p_chosen, rest) in enumerate(
                product(texts, texts, (0.5, 0.7, 1.0), ({"agreement": 0.5}, {"agreement": 1.0}))
            )
        ]

    async def exercise(self, component: Filter[Any]) -> tuple[list[Preference], list[Drop]]:
        """Those of `preferences` that it keeps and drops."""
        return component.apply(self.preferences())

    def test_it_keeps_and_drops_without_losing_any(self) -> None:
        """Nothing disappears: the report shows the funnel."""
        given = list(self.preferences())
        kept, dropped = run(self.exercised())
        assert kept, "it keeps nothing: override `preferences` with some that it is to keep"
        assert dropped, "it drops nothing: override `preferences` with what it is there for"
        left = iter(given)
        assert all(item in left for item in kept), "what it keeps is not in the given order"
        gone = [drop.preference for drop in dropped]
        assert sorted(map(repr, [*kept, *gone])) == sorted(map(repr, given))

    def test_its_reasons_are_short_and_reusable(self) -> None:
        """They are keys of metrics.json, which counts them."""
        _, dropped = run(self.exercised())
        for drop in dropped:
            assert drop.reason, "a drop needs its reason"
            assert "\n" not in drop.reason, f"{drop.reason!r} is not one line"
            assert len(drop.reason) <= LONGEST_REASON, f"{drop.reason!r} is too long"
            ids = (drop.preference.id, drop.preference.prompt.id, drop.preference.chosen.id)
            assert not any(id_ in drop.reason for id_ in ids), f"{drop.reason!r} names one case"

    def test_of_nothing_it_keeps_nothing(self) -> None:
        """A round may end without preferences."""

        async def of_nothing() -> tuple[list[Preference], list[Drop]]:
            async with self.running() as subject:
                return subject.apply([])

        assert run(of_nothing()) == ([], [])

    def test_an_objection_is_one_line(self) -> None:
        """It stands in a recipe's error, and is asked for before `setup`."""
        subject = self.component(self.component.Params.model_validate(dict(self.params)))
        for kind, verdicts in product(("pairwise", "pointwise"), (1, 2, 6)):
            objection = subject.objection(JudgeFacts("judge", kind, verdicts))
            assert objection is None or "\n" not in objection.strip(), repr(objection)
