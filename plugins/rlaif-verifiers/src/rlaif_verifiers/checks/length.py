"""Length of a response."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from rlaif_verifiers.checks.base import Counted

WORD = re.compile(r"\w+(?:['’\-]\w+)*")
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|[。！？]\s*")
BLANK_LINE = re.compile(r"\n[ \t]*\n")


class Words(Counted):
    """Number of words; "it's" and "well-known" are one each."""

    check: Literal["words"]

    def count(self, text: str) -> int:
        """Number of words."""
        return len(WORD.findall(text))


class Sentences(Counted):
    """Number of sentences, by their closing punctuation."""

    check: Literal["sentences"]

    def count(self, text: str) -> int:
        """Number of parts with a word in them that end like a sentence, or end the text."""
        return sum(bool(WORD.search(part)) for part in SENTENCE_END.split(text))


class Paragraphs(Counted):
    """Number of paragraphs, between blank lines unless another separator is given."""

    check: Literal["paragraphs"]
    separator: str = Field(default="", description="as `***`; blank lines if empty")

    def count(self, text: str) -> int:
        """Number of parts with text."""
        parts = text.split(self.separator) if self.separator else BLANK_LINE.split(text)
        return sum(bool(part.strip()) for part in parts)


class Characters(Counted):
    """Number of characters, white space at the ends left out."""

    check: Literal["characters"]

    def count(self, text: str) -> int:
        """Number of characters."""
        return len(text.strip())
