"""Limit of failed calls: a single failure never ends a run, an outage does."""

from __future__ import annotations

from math import sqrt

from rlaif_core.api.errors import DataError, RunError
from rlaif_core.store.ledger import Reader

FEWEST_FOR_ALARM = 50
"""Calls before a share of failures means anything while more are to come."""

ALARM_Z = 2.0
"""Standard errors by which the share then has to lie above what is allowed. It is looked at after
every window: without this, a judge that fails 4 % of the time would be taken for one that fails
more than 5 % in four of ten runs of 10,000 calls."""


class FailureLimit:
    """Counts calls and those of them that failed.

    Args:
        who: Whose calls they are, for the message.
        allowed: Share of failures that is allowed, in [0, 1].
        setting: Where the recipe sets that share.
    """

    def __init__(self, who: str, allowed: float, setting: str) -> None:
        self._who = who
        self._allowed = allowed
        self._setting = setting
        self._asked = self._failed = 0
        self._last = ""

    def count(self, asked: int, failed: int = 0, why: str = "") -> None:
        """Count calls; those known from an earlier try are asked and not failed.

        Args:
            asked: How many.
            failed: How many of these failed for good.
            why: The error of the last of them.

        Raises:
            RunError: If clearly more have failed than is allowed. Every answer is kept.
        """
        self._asked += asked
        self._failed += failed
        self._last = why or self._last
        if self._asked >= FEWEST_FOR_ALARM:
            self._check(ALARM_Z * sqrt(self._allowed * (1.0 - self._allowed) / self._asked))

    def finish(self, causes: int | None = None) -> None:
        """Look at the share once more when no call is left, however few there were.

        One failed call alone is allowed, unless nothing else was asked.

        Args:
            causes: How many failures are behind the failed calls, where one can be behind several;
                if not given, each one stands for itself.

        Raises:
            RunError: If more have failed than is allowed. Every answer is kept.
        """
        causes = self._failed if causes is None else causes
        if causes > 1 or self._failed == self._asked:
            self._check()

    def _check(self, margin: float = 0.0) -> None:
        share = self._failed / max(1, self._asked)
        if share > self._allowed + margin:
            raise RunError(
                f"{self._failed} of {self._asked} {self._who} calls failed ({100 * share:.3g}%, "
                f"allowed {100 * self._allowed:.3g}%), the last: {self._last}; fix that and run "
                f"the same command again, or raise {self._setting}"
            )


def require_verdicts(ledger: Reader, round_index: int) -> None:
    """See that the judge returned a verdict if it was asked at all.

    Args:
        ledger: Holds the round's votes.
        round_index: From 0.

    Raises:
        DataError: If it abstained every time. Every answer is kept.
    """
    missing = abstention_summary(ledger, round_index)
    if missing and not ledger.counts(round_index)["verdicts"]:
        raise DataError(
            f"the judge returned no verdict: {missing}; fix its prompt or take another model "
            "(`rlaif report` shows what it answered)"
        )


def abstention_summary(ledger: Reader, round_index: int, split: str = "train") -> str:
    """Abstentions of a judge by reason, in a phrase; empty if there are none."""
    why = ledger.abstentions(round_index, split)
    if not why:
        return ""
    most = next(iter(why))
    detail = ledger.abstention_detail(round_index, split, most)
    listed = ", ".join(f"{count} {reason}" for reason, count in why.items())
    asked = ledger.counts(round_index, split)["comparisons"]
    summary = f"{sum(why.values())} of {asked} verdicts are missing ({listed})"
    return f"{summary}, for instance: {detail}" if detail else summary
