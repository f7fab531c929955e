"""The judge `recorded`: replays verdicts that were made elsewhere, so that they can be audited.

A row of its JSON Lines file says who was compared, what was shown first, and what was said:

    {"prompt": "…", "response_a": "…", "response_b": "…", "order": "ba", "vote": 0, "verdict": "a"}

`order` "ba" means that B was shown first; `verdict` ("a", "b", "tie", or null for a verdict that
nobody could read) or `p_a` is about A and B, whichever was shown first. Verdicts are found by the
texts. Where the same texts were judged more than once, rows may carry an `id`, which then has to
be the prompt's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from pydantic import Field

from rlaif_core.api import (
    Abstention,
    Comparison,
    Context,
    DataError,
    PairwiseJudge,
    Params,
    Prompt,
    ResourcePath,
    Row,
    Verdict,
    json_rows,
)

P_A: Final = {"a": 1.0, "b": 0.0, "tie": 0.5}

UNKNOWN: Final = Verdict.abstain(Abstention.UNKNOWN, "no recorded verdict")
UNREADABLE: Final = Verdict.abstain(Abstention.UNPARSED, "recorded as unreadable")
AMBIGUOUS: Final = Verdict.abstain(
    Abstention.UNKNOWN, "recorded with different verdicts, and under other ids"
)


class _Shown(NamedTuple):
    """The question: the texts as shown, and the number of the repetition."""

    prompt: str
    first: str
    second: str
    order: str
    vote: int

    @classmethod
    def of(cls, prompt: str, first: str, second: str, order: str, vote: int) -> _Shown:
        # Which response is called A matters only where the texts cannot tell them apart.
        return cls(prompt, first, second, order if first == second else "", vote)


class RecordedParams(Params):
    """Parameters of `recorded`."""

    file: ResourcePath = Field(description="JSON Lines file of verdicts")


class Recorded(PairwiseJudge[RecordedParams]):
    """Replays verdicts from a file, found by the texts that were compared."""

    Params = RecordedParams

    async def setup(self, context: Context) -> None:
        """Read the file.

        Raises:
            DataError: Naming the file and the row that cannot be used.
        """
        await super().setup(context)
        self._by_id: dict[tuple[str, _Shown], Verdict] = {}
        self._by_text: dict[_Shown, Verdict] = {}
        places: dict[tuple[str, _Shown], str] = {}
        try:
            with Path(self.params.file).open("rb") as lines:
                for row in json_rows(lines, self.params.file):
                    self._add(row, places)
        except OSError as error:
            raise DataError(f"{self.params.file}: {error.strerror}") from error

    async def compare(self, comparison: Comparison) -> Verdict:
        """The verdict that the file holds for this comparison, as it is shown."""
        shown = _Shown.of(
            comparison.prompt.text,
            comparison.first.text,
            comparison.second.text,
            comparison.order,
            comparison.vote,
        )
        recorded = self._by_id.get((comparison.prompt.id, shown))
        return recorded or self._by_text.get(shown, UNKNOWN)

    def _add(self, row: Row, places: dict[tuple[str, _Shown], str]) -> None:
        shown, verdict = _read(row)
        key = (_id(row), shown)
        known = self._by_id.setdefault(key, verdict)
        if known != verdict:
            raise row.error(
                f"another verdict than {places[key]} on the same comparison: "
                "give each its own vote, or each pair its own id"
            )
        places.setdefault(key, row.place)
        if self._by_text.setdefault(shown, verdict) != verdict:
            self._by_text[shown] = AMBIGUOUS


def _read(row: Row) -> tuple[_Shown, Verdict]:
    prompt = Prompt("", row.conversation("prompt")).text
    first, second = row.text("response_a"), row.text("response_b")
    order, vote = row.values.get("order", "ab"), row.values.get("vote", 0)
    if order not in ("ab", "ba"):
        raise row.error(f"order must be 'ab' or 'ba', not {order!r}")
    if type(vote) is not int or vote < 0:
        raise row.error(f"vote must be a whole number from 0, not {vote!r}")
    p_a = _p_a(row)
    if order == "ba":
        first, second = second, first
        p_a = p_a if p_a is None else 1.0 - p_a
    explanation = row.text("explanation") if row.values.get("explanation") else ""
    verdict = UNREADABLE if p_a is None else Verdict(p_a, explanation=explanation)
    return _Shown.of(prompt, first, second, order, vote), verdict


def _p_a(row: Row) -> float | None:
    if ("verdict" in row.values) == ("p_a" in row.values):
        raise row.error("needs one of 'verdict' and 'p_a'")
    if "verdict" in row.values:
        verdict = row.values["verdict"]
        if verdict is None:
            return None
        if not isinstance(verdict, str) or verdict not in P_A:
            raise row.error(f"verdict must be 'a', 'b', 'tie' or null, not {verdict!r}")
        return P_A[verdict]
    p_a = row.values["p_a"]
    if p_a is None:
        return None
    if isinstance(p_a, bool) or not isinstance(p_a, int | float) or not 0 <= p_a <= 1:
        raise row.error(f"p_a must be a probability or null, not {p_a!r}")
    return float(p_a)


def _id(row: Row) -> str:
    value = row.values.get("id", "")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise row.error(f"id must be text or a whole number, not {value!r}")
    return str(value)
