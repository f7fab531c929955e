"""Base of all checks: parameters, and a test of a text."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pydantic import Field, model_validator

from rlaif_core.api import Params


class BaseCheck(Params, ABC):
    """One check. Its field `check` is its name."""

    @abstractmethod
    def holds(self, text: str) -> bool:
        """True if a response satisfies it."""


class Counted(BaseCheck):
    """A check on how often something occurs."""

    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)
    exactly: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _bounded(self) -> Counted:
        if self.at_least is None and self.at_most is None and self.exactly is None:
            raise ValueError("needs one of at_least, at_most and exactly")
        if not self._within(next(n for n in (self.exactly, self.at_least, 0) if n is not None)):
            raise ValueError("no count lies within the bounds")
        return self

    @abstractmethod
    def count(self, text: str) -> int:
        """Number of occurrences."""

    def holds(self, text: str) -> bool:
        """True if the count is within the bounds."""
        return self._within(self.count(text))

    def _within(self, count: int) -> bool:
        return (
            (self.at_least is None or count >= self.at_least)
            and (self.at_most is None or count <= self.at_most)
            and (self.exactly is None or count == self.exactly)
        )
