"""A speech of a debater: without its private thinking, and no longer than allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Speaker = Literal["A", "B"]

ARGUMENT: Final = re.compile(r"<argument>(.*?)(?:</argument>|\Z)", re.DOTALL | re.IGNORECASE)
THINKING: Final = re.compile(r"<thinking>.*?(?:</thinking>|\Z)", re.DOTALL | re.IGNORECASE)
AFTERTHOUGHT: Final = re.compile(r"\A.*</thinking>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Speech:
    """One turn of the transcript.

    Attributes:
        speaker: Who speaks.
        round: From 1.
        text: What is said aloud, quotations marked.
    """

    speaker: Speaker
    round: int
    text: str


def said_aloud(reply: str, words: int) -> str:
    """The public part of a debater's reply.

    What stands in `<argument>`; where there is none, all but the thinking. A tag that was left
    open reaches to the end, so that thinking which ran out of tokens stays private.

    Args:
        reply: What the model said.
        words: At most so many; the rest is cut off.
    """
    public = AFTERTHOUGHT.sub("", THINKING.sub("", reply))
    argument = ARGUMENT.search(public)
    return _at_most(argument[1] if argument else public, words)


def _at_most(text: str, words: int) -> str:
    found = list(re.finditer(r"\S+", text))
    if len(found) <= words:
        return text.strip()
    return text[: found[words - 1].end()].strip() + " …"
