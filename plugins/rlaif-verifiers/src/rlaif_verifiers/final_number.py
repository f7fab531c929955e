"""The number that a worked solution ends with, as GSM8K and its successors compare answers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

MARK: Final = "####"
"""Mark that GSM8K writes before its final answer."""

NUMBER: Final = re.compile(
    r"""
    (?<![\w.\\])                  # begins a number: not the 3 of x3, nor the 12 of \frac12
    (?P<sign>(?<![\d)\]])[-−])?   # a sign, unless it subtracts or makes a range
    [$€£¥]?
    (?P<digits>(?:\d{1,3}(?:,\d{3}){1,12}(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|\.\d+)
    """,
    re.VERBOSE | re.ASCII,
)


def final_number(text: str) -> Decimal | None:
    """The last number after GSM8K's mark, or in the whole text where the mark is missing.

    Thousands separators and currency signs are dropped, signs are kept. Numbers that are part of
    a word or a LaTeX command don't count.

    Returns:
        The number, exactly as it stands there; None if there is none.
    """
    found = list(NUMBER.finditer(text.rpartition(MARK)[2]))
    if not found:
        return None
    sign, digits = found[-1]["sign"], found[-1]["digits"].replace(",", "")
    return Decimal(f"-{digits}" if sign else digits)
