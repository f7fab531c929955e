"""Pairs that exist already, from a file that a user names or from rows in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from rlaif_core.api.records import Prompt, Response, digest
from rlaif_core.api.rows import Row
from rlaif_core.data.files import Rows, rows
from rlaif_stats.label_agreement import Label

LABEL_PROBABILITY: Mapping[Label, float] = {"a": 1.0, "b": 0.0, "tie": 0.5}
"""A label as a probability that response A is better."""

COLUMNS = frozenset({"prompt", "response_a", "response_b", "id", "label"})
"""Columns of a pair; any other is the prompt's, as a verifier's ground truth."""


@dataclass(frozen=True, slots=True)
class GivenPair:
    """Two responses to one prompt, and which is better if somebody has said so."""

    prompt: Prompt
    a: Response
    b: Response
    label: Label | None

    @property
    def shown(self) -> tuple[Prompt, tuple[Response, Response]]:
        """The prompt with its two responses, as a judge is asked."""
        return self.prompt, (self.a, self.b)


@dataclass(frozen=True)
class GivenPairs:
    """Pairs that are read several times, and never held all at once.

    Attributes:
        read: Begins the same pairs anew; their prompts' ids are unique.
    """

    read: Callable[[], Iterator[GivenPair]]

    def __iter__(self) -> Iterator[GivenPair]:
        return self.read()

    def __len__(self) -> int:
        return self._survey[0]

    @property
    def fingerprint(self) -> str:
        """Digest of ids and labels: equal for equal pairs."""
        return self._survey[1]

    @cached_property
    def _survey(self) -> tuple[int, str]:
        """Count and digest. Every row is read, so that a bad one is reported now."""
        seen, count = hashlib.sha256(), 0
        for pair in self.read():
            seen.update(repr((pair.prompt.id, pair.a.id, pair.b.id, pair.label)).encode())
            count += 1
        return count, seen.hexdigest()


def read_pairs(source: Rows) -> list[GivenPair]:
    """Read all of `each_pair`."""
    return list(each_pair(source))


def each_pair(source: Rows) -> Iterator[GivenPair]:
    """Read pairs with columns prompt, response_a, response_b, and optionally id and label.

    All other columns go with the prompt.

    Raises:
        DataError: Naming the file and row that cannot be used, and why.
    """
    seen: dict[str, str] = {}
    for row in rows(source):
        pair = _pair(row)
        if pair.prompt.id in seen:
            raise row.error(f"id {pair.prompt.id!r} already stands at {seen[pair.prompt.id]}")
        seen[pair.prompt.id] = row.place
        yield pair


def _pair(row: Row) -> GivenPair:
    messages = row.conversation("prompt")
    texts = (row.text("response_a"), row.text("response_b"))
    label = row.values.get("label")
    if label not in ("a", "b", "tie", None):
        raise row.error(f'\'label\' must be "a", "b" or "tie", and is {label!r}')
    given = row.values.get("id")
    id_ = digest(row.place.rpartition(":")[2], messages, *texts) if given is None else str(given)
    columns = {name: value for name, value in row.values.items() if name not in COLUMNS}
    prompt = Prompt(id_, messages, columns)
    a, b = (Response.of(prompt, text, index) for index, text in enumerate(texts))
    return GivenPair(prompt, a, b, label)
