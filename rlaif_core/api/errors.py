"""The errors that cross a module's edge. Each message says what, where, and how to fix it."""

from __future__ import annotations


class RlaifError(Exception):
    """Something the user can fix: shown as one line, exit code 2, no traceback."""


class RecipeError(RlaifError):
    """Every problem found in a recipe, at once.

    Args:
        problems: One line a problem, each `file:line:column: what; the fix`.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class PluginError(RlaifError):
    """A component that cannot be found, imported or set up."""


class DataError(RlaifError):
    """Data that cannot be used as it is: a bad row, a missing column, too few preferences."""


class RunError(RlaifError):
    """A run that cannot start or go on: a locked directory, a changed recipe, a damaged ledger."""


class ModelError(RlaifError):
    """A model call that failed.

    Args:
        message: What the service or the library said.
        transient: Whether asking again can help (429, 5xx, a reset connection).
        retry_after: Seconds that the service asks to wait, if it says.
        overloaded: Whether the service said that this is too much at once (429, 529): fewer
            calls are then put in flight.
    """

    def __init__(
        self,
        message: str,
        *,
        transient: bool = False,
        retry_after: float | None = None,
        overloaded: bool = False,
    ) -> None:
        super().__init__(message)
        self.transient = transient or overloaded
        self.overloaded = overloaded
        self.retry_after = retry_after
