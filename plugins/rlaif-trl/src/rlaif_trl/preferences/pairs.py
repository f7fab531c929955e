"""The round's preferences, read from parquet and checked before training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rlaif_core.api import DataError, Message

Weighting = Literal["none", "agreement", "margin"]

_COLUMNS = ("prompt", "chosen", "rejected", "p_chosen", "margin", "agreement", "prompt_id")


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """A preference: a prompt, two responses, and the judge's label.

    Attributes:
        prompt_id: The prompt's id.
        prompt: The conversation so far.
        chosen: Text of the better response.
        rejected: Text of the other.
        p_chosen: Probability in [0, 1] that `chosen` is better.
        margin: 2·p_chosen - 1.
        agreement: Share of the verdicts on the majority's side, in [0, 1].
        explanation: The judge's explanation; empty if it gave none.
    """

    prompt_id: str
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    p_chosen: float
    margin: float
    agreement: float
    explanation: str = ""

    @property
    def decided(self) -> bool:
        """True if the pair is not a tie."""
        return self.p_chosen != 0.5


def read_pairs(folder: Path) -> list[LabelledPair]:
    """Read every parquet file in `folder`, in the order of their names.

    Raises:
        DataError: If there are none, or a column is missing.
    """
    return [_pair(row) for row in read_rows(folder, _COLUMNS, optional=("explanation",))]


def read_rows(
    folder: Path, columns: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """The rows of every parquet file in `folder`, in the order of their names.

    Args:
        folder: Folder of the files.
        columns: Columns that every file must have.
        optional: Columns that are read if a file has them.

    Raises:
        DataError: If there are no files, or a column is missing.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise DataError(f"{folder}: no parquet file; run the stages that make preferences first")
    for file in files:
        try:
            table = pq.read_table(file)
        except pa.ArrowException as error:
            raise DataError(f"{file}: not a readable parquet file: {error}") from error
        missing = [name for name in columns if name not in table.column_names]
        if missing:
            raise DataError(
                f"{file}: no column '{missing[0]}'; it has {', '.join(table.column_names)}"
            )
        known = [*columns, *(name for name in optional if name in table.column_names)]
        yield from table.select(known).to_pylist()


def conversation(row: Mapping[str, Any], column: str) -> tuple[Message, ...]:
    """A column of messages.

    Raises:
        DataError: If it is something else.
    """
    try:
        return tuple(Message(turn["role"], turn["content"]) for turn in row[column])
    except (KeyError, TypeError) as error:
        raise DataError(f"{column} must be a list of {{role, content}}: {error}") from error


def split_heldout(
    pairs: Sequence[LabelledPair], heldout: frozenset[str]
) -> tuple[list[LabelledPair], list[LabelledPair]]:
    """Pairs to train on and pairs to evaluate on, by prompt, so that no prompt is in both."""
    training = [pair for pair in pairs if pair.prompt_id not in heldout]
    return training, [pair for pair in pairs if pair.prompt_id in heldout]


def without_ties(
    pairs: Sequence[LabelledPair], least: int, *, soft: bool
) -> tuple[list[LabelledPair], int]:
    """The preferences to train on, and the number of ties left out.

    With soft labels, ties are trained on. With certain labels they are left out: their label would
    be that the first response is better.

    Args:
        pairs: The preferences.
        least: Number that is needed.
        soft: Whether labels are soft.

    Raises:
        DataError: If there are fewer than `least`, or every one is a tie.
    """
    check_trainable(pairs, least)
    kept = [pair for pair in pairs if soft or pair.decided]
    ties = len(pairs) - len(kept)
    check_enough(len(kept), least, f"preferences beside {ties} ties" if ties else "preferences")
    return kept, ties


def check_trainable(pairs: Sequence[LabelledPair], least: int) -> None:
    """Refuse preferences that teach nothing.

    Raises:
        DataError: If there are fewer than `least`, or every one is a tie.
    """
    check_enough(len(pairs), least, "preferences")
    if not any(pair.decided for pair in pairs):
        raise DataError(
            f"all {len(pairs)} preferences are ties (p_chosen = 0.5), which teach nothing: "
            "use another judge or drop ties with the filter 'confidence'"
        )


def check_enough(count: int, least: int, items: str) -> None:
    """Refuse too little data.

    Args:
        count: Number of items.
        least: Number that is needed.
        items: Name of the items, in the plural.

    Raises:
        DataError: If there is less than that.
    """
    if count < least:
        raise DataError(
            f"{count} {items} are too few to train on, at least {least} are needed: "
            "judge more prompts, filter less, or lower min_preferences"
        )


def weights(pairs: Sequence[LabelledPair], by: Weighting) -> list[float]:
    """One weight per pair in the loss, 1 on average.

    Raises:
        DataError: If all weights are 0.
    """
    if by == "none":
        return [1.0] * len(pairs)
    raw = [pair.agreement if by == "agreement" else pair.margin for pair in pairs]
    total = sum(raw)
    if total <= 0:
        raise DataError(f"the {by} of every preference is 0, so it cannot weight them: set none")
    return [weight * len(raw) / total for weight in raw]


def _pair(row: Mapping[str, Any]) -> LabelledPair:
    try:
        return LabelledPair(
            prompt_id=str(row["prompt_id"]),
            prompt=tuple(Message(turn["role"], turn["content"]) for turn in row["prompt"]),
            chosen=row["chosen"][-1]["content"],
            rejected=row["rejected"][-1]["content"],
            p_chosen=float(row["p_chosen"]),
            margin=float(row["margin"]),
            agreement=float(row["agreement"]),
            explanation=row.get("explanation") or "",
        )
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise DataError(
            f"preference of prompt {row.get('prompt_id')!r}: prompt, chosen and rejected must be "
            f"lists of {{role, content}} and the rest numbers: {error}"
        ) from error
