"""Problems of a recipe, with their places."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """A place in the recipe's file, or the override that put something there.

    Attributes:
        override: The override, `--set path=value`; empty for a place in the file.
        line: From 1.
        column: From 1.
        file: The recipe's path as the user gave it.
    """

    override: str = ""
    line: int = 1
    column: int = 1
    file: str = ""

    def __str__(self) -> str:
        return self.override or f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """One line for the user: `where: message; the fix`."""

    where: Position
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"
