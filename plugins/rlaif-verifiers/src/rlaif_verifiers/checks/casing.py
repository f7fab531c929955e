"""In which case a response is written."""

from __future__ import annotations

from typing import Literal

from rlaif_verifiers.checks.base import BaseCheck, Counted
from rlaif_verifiers.checks.length import WORD


class Uppercase(BaseCheck):
    """Capital letters only; there has to be a letter."""

    check: Literal["uppercase"]

    def holds(self, text: str) -> bool:
        """True if no letter is small."""
        return text.isupper()


class Lowercase(BaseCheck):
    """Small letters only; there has to be a letter."""

    check: Literal["lowercase"]

    def holds(self, text: str) -> bool:
        """True if no letter is a capital."""
        return text.islower()


class CapitalWords(Counted):
    """Number of words in capitals."""

    check: Literal["capital_words"]

    def count(self, text: str) -> int:
        """Number of words with letters, all of them capitals."""
        return sum(word.isupper() for word in WORD.findall(text))
