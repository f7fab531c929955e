"""A score that stands in a reply's last line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rlaif_core.api import ChatReply
from rlaif_judges.replies import Silence, refusal, unreadable

EMPHASIS: Final = " \t*_`"
"""What Markdown puts around a line that matters."""


def stated_option(reply: ChatReply, prefix: str, options: Sequence[str]) -> int | Silence:
    """Which option a reply ends with.

    Only the last line counts, and only if it is the answer and nothing else: what stands before
    it may be quoted from a response.

    Args:
        reply: What the model said.
        prefix: What the last line begins with, such as "Score:".
        options: What may follow. White space around an option means nothing here.

    Returns:
        The option's index, or why there is none.
    """
    refused = refusal(reply)
    if refused is not None:
        return refused
    last = reply.text.rstrip().rpartition("\n")[2].strip(EMPHASIS + ".")
    words = (option.strip() for option in options)
    choices = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    label = re.escape(prefix.strip())
    found = re.fullmatch(rf"{label}[{EMPHASIS}]*({choices})( ?/ ?{len(options)})?", last)
    if found is None or reply.finish_reason == "length":  # "1" may be all that is left of "10"
        return unreadable(reply)
    return [option.strip() for option in options].index(found[1])
