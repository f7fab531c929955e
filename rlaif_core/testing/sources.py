"""Conformance of sources."""

from __future__ import annotations

import json
from typing import Any, Final

from rlaif_core.api import Prompt, Source
from rlaif_core.testing.conformance import Conformance, run

ANSWERS: Final = ("", "4", "Certainly not.", "\x00\ufffd", "9" * 10_000, "{[(" * 1_000)


class SourceConformance(Conformance[Source[Any]]):
    """Checks a source."""

    async def exercise(self, component: Source[Any]) -> list[Prompt]:
        """All its prompts."""
        return list(component.prompts())

    def test_its_prompts_can_be_asked(self) -> None:
        """Each ends with the user's turn and has an id of its own."""
        prompts = run(self.exercised())
        assert prompts, "it yields no prompts"
        assert len({prompt.id for prompt in prompts}) == len(prompts), "two prompts share an id"
        for prompt in prompts:
            assert prompt.id, f"{prompt} has no id"
            assert prompt.messages[-1].role == "user", f"{prompt} does not end with the user"

    def test_it_can_be_read_again(self) -> None:
        """A resumed run reads it once more, and expects the same."""

        async def twice() -> tuple[list[Prompt], list[Prompt]]:
            async with self.running() as source:
                return list(source.prompts()), list(source.prompts())

        first, second = run(twice())
        assert first == second

    def test_its_columns_are_json(self) -> None:
        """The ledger and the report keep them."""
        for prompt in run(self.exercised()):
            json.dumps(dict(prompt.columns), allow_nan=False)

    def test_its_truth_is_a_share_or_unknown(self) -> None:
        """Whatever a policy may say: garbage is scored low, never raised about."""

        async def truths() -> list[float | None]:
            async with self.running() as source:
                return [
                    source.gold(prompt, text) for prompt in source.prompts() for text in ANSWERS
                ]

        known = [truth for truth in run(truths()) if truth is not None]
        assert all(0.0 <= truth <= 1.0 for truth in known), f"gold outside [0, 1] in {known}"
        assert self.component.has_gold or not known, "set `has_gold = True`"
