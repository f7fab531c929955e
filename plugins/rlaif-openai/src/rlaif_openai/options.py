"""Option probabilities from the log-probabilities of the first token."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

LEAST = -100.0
"""Where an impossible token is put: servers write -9999, and a ledger cannot hold -inf."""


def option_logprobs(
    top: Iterable[tuple[str, float]], options: Sequence[str]
) -> tuple[float, ...] | None:
    """Probability of each option as the answer.

    An option is recognised by the longest listed token that it is or begins with; white space
    before either is ignored, since tokenizers differ in it at the start of a turn. So the value
    is exact where an option is one token, and an upper bound where it is more. An option that no
    listed token begins gets the least of the listed, or what they leave if that is less.

    Args:
        top: The most probable first tokens, with their natural-log probabilities.
        options: Two or more strings.

    Returns:
        One value an option, at most 0; None if two options begin with the same token, so that
        its probability belongs to neither alone, or if nothing is listed.
    """
    listed: dict[str, float] = {}
    for token, logprob in top:
        text = token.lstrip()
        if text and not math.isnan(logprob):
            listed[text] = _add(listed.get(text), max(logprob, LEAST))
    if not listed:
        return None
    tokens = [_longest(option.lstrip(), listed) for option in options]
    known = [token for token in tokens if token is not None]
    if len(set(known)) < len(known) or len({option.strip() for option in options}) < len(options):
        return None
    rest = _unlisted(listed)
    return tuple(rest if token is None else min(listed[token], 0.0) for token in tokens)


def _longest(option: str, listed: Iterable[str]) -> str | None:
    return max((token for token in listed if option.startswith(token)), key=len, default=None)


def _add(one: float | None, other: float) -> float:
    if one is None:
        return other
    high, low = max(one, other), min(one, other)
    return high + math.log1p(math.exp(low - high))


def _unlisted(listed: dict[str, float]) -> float:
    left = 1.0 - math.fsum(math.exp(logprob) for logprob in listed.values())
    bound = math.log(left) if left > 0.0 else LEAST
    return max(min(bound, *listed.values(), 0.0), LEAST)
