"""Model output made safe to look at: what is invisible or turns text around is shown by its code.

HTML's own escaping is the template's. It leaves through what misleads a reader instead of a
browser: terminal escapes, direction overrides (CVE-2021-42574), zero-width and tag characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MISLEADING = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tab and newline
    "\xad\u061c\u180e\u200b\u200e\u200f"  # soft hyphen, zero width, direction marks
    "\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # separators, overrides, isolates, anchors
    "\ud800-\udfff"  # lone surrogates, which UTF-8 cannot say
    "\U000e0000-\U000e007f"  # tags: a hidden copy of ASCII
    "]"
)
_LINE_END = re.compile("\r\n?")


def visible(text: str) -> str:
    """The same text with nothing hidden: ESC as [U+001B], a right-to-left override as [U+202E].

    Line ends become newlines. Tabs, joiners that scripts need, and emoji stay as they are.
    """
    return _MISLEADING.sub(lambda match: f"[U+{ord(match.group()):04X}]", _LINE_END.sub("\n", text))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a text.

    Attributes:
        text: What is shown.
        left_out: How many characters are not.
    """

    text: str
    left_out: int = 0

    @classmethod
    def of(cls, text: str, limit: int) -> Excerpt:
        """At most `limit` characters of `text`."""
        return cls(text[:limit], max(0, len(text) - limit))


def one_line(text: str, limit: int) -> str:
    """The text's words on one line, cut to `limit` characters with an ellipsis."""
    words = " ".join(text[: 4 * limit].split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
