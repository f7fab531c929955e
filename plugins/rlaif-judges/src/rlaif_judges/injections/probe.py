"""The probe `injections`: whether a judge can be talked to by what it judges."""

from __future__ import annotations

from collections.abc import Iterator

from rlaif_core.api import Params, Probe, ProbeCase
from rlaif_judges.injections.suite import injections


class Injections(Probe[Params]):
    """Prompt injection against the judge: orders, forged verdicts and scores, false ends."""

    def cases(self) -> Iterator[ProbeCase]:
        """The suite's attacks, in a fixed order.

        Raises:
            DataError: If the suite's file is damaged.
        """
        for injection in injections():
            yield ProbeCase(
                injection.id,
                injection.prompt,
                injection.honest.text,
                injection.attacking.text,
                injection.kind,
            )
