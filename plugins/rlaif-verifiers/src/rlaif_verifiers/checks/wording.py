"""Checks of the words that a response uses."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from rlaif_verifiers.checks.base import BaseCheck, Counted


class Includes(BaseCheck):
    """All of the words or phrases occur."""

    check: Literal["includes"]
    words: tuple[str, ...] = Field(min_length=1)

    def holds(self, text: str) -> bool:
        """True if each occurs at least once."""
        return all(occurrences(word, text) for word in self.words)


class Excludes(BaseCheck):
    """None of the words or phrases occurs."""

    check: Literal["excludes"]
    words: tuple[str, ...] = Field(min_length=1)

    def holds(self, text: str) -> bool:
        """True if none occurs."""
        return not any(occurrences(word, text) for word in self.words)


class Frequency(Counted):
    """Occurrences of a word or phrase; a single letter counts inside words as well."""

    check: Literal["frequency"]
    word: str = Field(min_length=1)

    def count(self, text: str) -> int:
        """Number of occurrences."""
        if len(self.word) == 1:
            return text.casefold().count(self.word.casefold())
        return occurrences(self.word, text)


class NoCommas(BaseCheck):
    """No comma, of whatever script."""

    check: Literal["no_commas"]

    def holds(self, text: str) -> bool:
        """True if there is none."""
        return not any(comma in text for comma in ",،，、")


class OneOf(BaseCheck):
    """The response is one of the given answers and nothing else."""

    check: Literal["one_of"]
    options: tuple[str, ...] = Field(min_length=1)

    def holds(self, text: str) -> bool:
        """True if it is, white space, case and a full stop left out."""
        said = text.strip().rstrip(".").casefold()
        return said in {option.strip().rstrip(".").casefold() for option in self.options}


def occurrences(phrase: str, text: str) -> int:
    """Occurrences of a phrase as words of its own, whatever the case and the spacing."""
    words = r"\s+".join(map(re.escape, phrase.split()))
    return len(re.findall(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)) if words else 0
