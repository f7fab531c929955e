"""The program that compares mathematics: a question a line on standard input, an answer a line."""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
from functools import lru_cache
from typing import Any, Final

MEMORY: Final = 4 << 30
GRACE: Final = 5.0
"""Seconds after which a comparison ends itself, should nobody be left to end it."""

MARKED: Final = re.compile(r"\$|\\\(|\\\[|\\boxed")
PLAIN: Final = re.compile(r"[-+]?[\d.,\s]*\d[\d.,\s]*%?")


def main() -> None:
    """Answer until standard input ends. First comes a line that says whether it can."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        import math_verify  # noqa: F401
    except ImportError as error:
        _say({"error": f"{error}; pip install math-verify"})
        return
    import logging

    logging.disable()  # it warns that time limits are off; they are, see `comparers`
    _say({})
    for line in sys.stdin:
        question = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, question["seconds"] + GRACE)
        try:
            _say({"equal": equal(question["gold"], question["answer"], question["options"])})
        except MemoryError:
            return
        signal.setitimer(signal.ITIMER_REAL, 0)


def equal(gold: str, answer: str, options: dict[str, Any]) -> bool | None:
    r"""True if `answer` ends with what is mathematically the same as `gold`.

    Args:
        gold: The expected answer: LaTeX with or without its marks, or a number.
        answer: A whole response. LaTeX in it has to be marked, by `$` or `\boxed`.
        options: Of `math_verify.verify`.

    Returns:
        None if `gold` cannot be read. An answer without mathematics is not equal.
    """
    from math_verify import parse, verify

    expected = _expected(gold)
    if not expected:
        return None
    found = parse(answer, parsing_timeout=None)
    return bool(verify(expected, found, timeout_seconds=None, **options))


@lru_cache(maxsize=64)
def _expected(gold: str) -> list[Any]:
    """Parse an expected answer. Bare LaTeX is marked first: of `x+1` only `1` would be found."""
    from math_verify import parse

    if not MARKED.search(gold) and not PLAIN.fullmatch(gold.strip()):
        gold = f"${gold}$"
    expected: list[Any] = parse(gold, parsing_timeout=None)
    return expected


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
