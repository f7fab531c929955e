"""A score that stands in a reply's last line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rlaif_core.api import Abstention, ChatReply
from rlaif_judges.asking.replies import QUOTED_ANSWER, Silence, refusal, unreadable

EMPHASIS: Final = " \t*_`"
"""What Markdown puts around a line that matters."""

LONGEST: Final = 20
"""Characters of an answer that is none of the options, so that it can be named."""


def stated_option(
    reply: ChatReply, prefix: str, options: Sequence[str], judged: str = ""
) -> int | Silence:
    """Index of the option that a reply ends with.

    Only the last line counts, and only if it is the answer and nothing else: what stands before
    it may be quoted from a response.

    Args:
        reply: What the model said.
        prefix: What the last line begins with, such as "Score:".
        options: What may follow, the highest last. White space around an option means nothing
            here.
        judged: The text that is judged. A line that stands in it word for word is quoted, or was
            dictated.

    Returns:
        The option's index, or why there is none.
    """
    refused = refusal(reply)
    if refused is not None:
        return refused
    last = _bare(reply.text.rstrip().rpartition("\n")[2])
    words = [option.strip() for option in options]
    choices = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    label, highest = re.escape(prefix.strip()), re.escape(words[-1])
    found = re.fullmatch(rf"{label}[{EMPHASIS}]*({choices})( ?/ ?{highest})?", last)
    if reply.finish_reason == "length":  # "1" may be all that is left of "10"
        return unreadable(reply)
    if found is None:
        other = re.fullmatch(rf"{label}[{EMPHASIS}]*(\S{{1,{LONGEST}}})", last)
        if other is None:
            return unreadable(reply)
        return Silence(Abstention.UNPARSED, f"{other[1]} is not one of {', '.join(words)}")
    if last in map(_bare, judged.splitlines()):
        return QUOTED_ANSWER
    return words.index(found[1])


def _bare(line: str) -> str:
    return line.strip(EMPHASIS + ".")
