"""Beginning and end of a response."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_verifiers.checks.base import BaseCheck

QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」"}


class StartsWith(BaseCheck):
    """The response begins with a phrase."""

    check: Literal["starts_with"]
    text: str = Field(min_length=1)

    def holds(self, text: str) -> bool:
        """True if it does, whatever the case and the spacing."""
        return plain(text).startswith(plain(self.text))


class EndsWith(BaseCheck):
    """The response ends with a phrase, and nothing after it."""

    check: Literal["ends_with"]
    text: str = Field(min_length=1)

    def holds(self, text: str) -> bool:
        """True if it does, whatever the case and the spacing."""
        return plain(text).endswith(plain(self.text))


class Quoted(BaseCheck):
    """The whole response stands in double quotation marks."""

    check: Literal["quoted"]

    def holds(self, text: str) -> bool:
        """True if it does."""
        text = text.strip()
        return len(text) > 2 and QUOTES.get(text[0]) == text[-1]


def plain(text: str) -> str:
    """A text for comparison: single spaces, no case."""
    return " ".join(text.split()).casefold()
