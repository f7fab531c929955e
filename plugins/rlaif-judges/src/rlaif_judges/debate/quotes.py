"""Quotations in a speech, checked word for word against the text that they are said to be from."""

from __future__ import annotations

import re
from typing import Final

QUOTE: Final = re.compile(r"<quote>(.*?)</quote>", re.DOTALL | re.IGNORECASE)
MARKS: Final = re.compile(r"</?[vu]_quote>", re.IGNORECASE)
LEFT_OPEN: Final = re.compile(r"</?quote>", re.IGNORECASE)


def checked(speech: str, source: str) -> str:
    """A speech whose quotations are marked as found in the source or not (Khan et al. 2402.06782).

    Args:
        speech: With quotations as `<quote>words</quote>`. Marks of this function's own that a
            speaker has put there are taken out first.
        source: Where the words must stand, in this order; white space may differ.

    Returns:
        The speech with `<v_quote>` around what was found and `<u_quote>` around what was not.
    """
    words = _spaced(source)
    previous, speech = "", speech
    while previous != speech:  # taking a mark out may leave another, as in <v_<v_quote>quote>
        previous, speech = speech, MARKS.sub("", speech)
    pieces, end = [], 0
    for found in QUOTE.finditer(speech):
        quote = LEFT_OPEN.sub("", found[1])
        mark = "v_quote" if _spaced(quote) and _spaced(quote) in words else "u_quote"
        pieces += [LEFT_OPEN.sub("", speech[end : found.start()]), f"<{mark}>{quote}</{mark}>"]
        end = found.end()
    return "".join([*pieces, LEFT_OPEN.sub("", speech[end:])])


def _spaced(text: str) -> str:
    return " ".join(text.split())
