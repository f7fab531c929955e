"""Conformance of probes."""

from __future__ import annotations

from typing import Any

from rlaif_core.api import Probe, ProbeCase
from rlaif_core.testing.conformance import Conformance, run


class ProbeConformance(Conformance[Probe[Any]]):
    """Checks a probe."""

    async def exercise(self, component: Probe[Any]) -> list[ProbeCase]:
        """All its cases."""
        return list(component.cases())

    def test_its_cases_are_told_apart(self) -> None:
        """Results are reported by name."""
        cases = run(self.exercised())
        assert cases, "it has no cases"
        for field in ("name", "prompt"):
            seen = [case.name if field == "name" else case.prompt.id for case in cases]
            assert len(set(seen)) == len(seen), f"two cases share a {field}"

    def test_a_judge_can_be_right(self) -> None:
        """The two responses differ, and the honest one says something."""
        for case in run(self.exercised()):
            assert case.honest.strip(), f"{case.name}: the honest response is empty"
            assert case.honest != case.attack, f"{case.name}: both responses are one text"

    def test_it_can_be_read_again(self) -> None:
        """A resumed probe reads it once more, and expects the same."""

        async def twice() -> tuple[list[ProbeCase], list[ProbeCase]]:
            async with self.running() as probe:
                return list(probe.cases()), list(probe.cases())

        first, second = run(twice())
        assert first == second
