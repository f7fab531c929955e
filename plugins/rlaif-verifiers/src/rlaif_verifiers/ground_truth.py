"""Ground truth of a verifier: a column of the prompt. Without it there is no verdict."""

from __future__ import annotations

from typing import Any

from rlaif_core.api import Abstention, Prompt, Score


class NoGroundTruthError(Exception):
    """A prompt whose column is missing or cannot be used; its message says which and why."""

    @property
    def score(self) -> Score:
        """The abstention that comes of it."""
        return Score(abstention=Abstention.UNKNOWN, detail=str(self))


def ground_truth(prompt: Prompt, column: str) -> Any:
    """The column's value.

    Raises:
        NoGroundTruthError: If it is missing, null, empty or NaN.
    """
    value = prompt.columns.get(column)
    # What is missing in a table of numbers is NaN, which is unequal to itself.
    if value is None or value in ("", []) or value != value:
        raise NoGroundTruthError(f"the prompt has no '{column}'")
    return value


def texts(prompt: Prompt, column: str) -> list[str]:
    """The column's value as one or more texts; numbers count as texts.

    Raises:
        NoGroundTruthError: If it is missing, empty, or something else.
    """
    value = ground_truth(prompt, column)
    many = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int | float) and not isinstance(item, bool) for item in many):
        raise NoGroundTruthError(f"'{column}' must be a text or a list of texts")
    return [str(item) for item in many]
