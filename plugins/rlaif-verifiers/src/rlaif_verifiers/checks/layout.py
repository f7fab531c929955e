"""Layout of a response."""

from __future__ import annotations

import json
import re
from typing import Literal

from pydantic import Field

from rlaif_verifiers.checks.base import BaseCheck, Counted

FENCED = re.compile(r"\s*```[\w+-]*\n(?P<inside>.*)```\s*", re.DOTALL)
BULLET = re.compile(r"^[ \t]*(?:[*+•-])[ \t]+\S", re.MULTILINE)
TITLE = re.compile(r"<<(?=[^\n<>]*\w)[^\n<>]+>>")
HIGHLIGHT = re.compile(
    r"\*\*(?=[^\n*]*[^\s*])[^\n*]+\*\*"
    r"|(?<!\*)\*[^\s*](?:[^\n*]*[^\s*])?\*(?!\*)"
)
PLACEHOLDER = re.compile(r"\[[^\[\]\n]+\]")


class Json(BaseCheck):
    """The whole response is JSON, in a fenced block or bare."""

    check: Literal["json"]

    def holds(self, text: str) -> bool:
        """True if it is."""
        fenced = FENCED.fullmatch(text)
        try:
            # NaN and Infinity, which Python's reader takes and JSON does not know, are no `int`.
            json.loads(fenced["inside"] if fenced else text, parse_constant=int)
        except (ValueError, RecursionError):
            return False
        return True


class Bullets(Counted):
    """Number of bullet points in Markdown."""

    check: Literal["bullets"]

    def count(self, text: str) -> int:
        """Number of lines that begin with `-`, `*`, `+` or `•`."""
        return len(BULLET.findall(text))


class Title(BaseCheck):
    """A title in double angle brackets, `<<like this>>`."""

    check: Literal["title"]

    def holds(self, text: str) -> bool:
        """True if there is one."""
        return bool(TITLE.search(text))


class Highlights(Counted):
    """Number of highlighted passages, `*like this*` or `**like this**`."""

    check: Literal["highlights"]

    def count(self, text: str) -> int:
        """Their number."""
        return len(HIGHLIGHT.findall(text))


class Sections(Counted):
    """Number of sections that begin with a word and a number, as `SECTION 1`."""

    check: Literal["sections"]
    word: str = Field(default="Section", min_length=1)

    def count(self, text: str) -> int:
        """Number of lines that begin like that."""
        start = rf"^[ \t#*]*{re.escape(self.word)}[ \t]+\d+"
        return len(re.findall(start, text, re.IGNORECASE | re.MULTILINE))


class Placeholders(Counted):
    """Number of placeholders in square brackets, as `[address]`."""

    check: Literal["placeholders"]

    def count(self, text: str) -> int:
        """Their number."""
        return len(PLACEHOLDER.findall(text))
