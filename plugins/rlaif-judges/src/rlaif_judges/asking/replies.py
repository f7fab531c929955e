"""A judge's reply before its words are read: refusals, probabilities."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from rlaif_core.api import Abstention, ChatReply, Verdict

QUOTED: Final = 120
"""Characters of an unreadable reply that an abstention quotes."""

ROUNDING: Final = 1e-3
"""How far above 0 a log-probability may come out of a model in half precision."""


class Silence(NamedTuple):
    """Reason and detail of an abstention, read from a reply."""

    abstention: Abstention
    detail: str = ""


QUOTED_ANSWER: Final = Silence(
    Abstention.UNPARSED, "the answer stands word for word in what is judged"
)


def refusal(reply: ChatReply) -> Silence | None:
    """Abstention of a model that declined, or whose service filtered its answer."""
    if reply.finish_reason in ("refusal", "content_filter"):
        return Silence(Abstention.REFUSED, opening(reply.text) or reply.finish_reason)
    return None


def unreadable(reply: ChatReply) -> Silence:
    """Abstention of a reply without the answer asked for, by what it is instead."""
    if not reply.text.strip():
        return Silence(Abstention.EMPTY)
    cut = reply.finish_reason == "length"
    return Silence(Abstention.TRUNCATED if cut else Abstention.UNPARSED, opening(reply.text))


def option_probabilities(
    reply: ChatReply, options: int, least_mass: float
) -> tuple[float, ...] | Silence:
    """Probability of each option among all of them (Lee et al. 2309.00267, section 2.1).

    Args:
        reply: The reply to a request with options.
        options: How many were asked.
        least_mass: Probability in [0, 1] that all together must have. A model that gives them
            less would say something else.

    Returns:
        Probabilities that add up to 1, or why there are none.
    """
    refused = refusal(reply)
    if refused is not None:
        return refused
    logprobs = reply.option_logprobs or ()
    if len(logprobs) != options or not all(value <= ROUNDING for value in logprobs):
        return Silence(Abstention.UNPARSED, f"no {options} log-probabilities, but {logprobs}")
    probabilities = [math.exp(value) for value in logprobs]
    mass = sum(probabilities)
    if mass == 0.0 or mass < least_mass:
        detail = f"the options together have probability {mass:.2g}"
        return Silence(Abstention.UNPARSED, detail)
    return tuple(probability / mass for probability in probabilities)


def option_verdict(reply: ChatReply, least_mass: float, explanation: str = "") -> Verdict:
    """The verdict that the log-probabilities of two options amount to.

    Args:
        reply: The reply to a request with two options.
        least_mass: See `option_probabilities`.
        explanation: What the judge reasoned before.

    Returns:
        The verdict, or an abstention if there are no two such log-probabilities.
    """
    probabilities = option_probabilities(reply, 2, least_mass)
    if isinstance(probabilities, Silence):
        return Verdict.abstain(*probabilities, explanation)
    return Verdict(probabilities[0], explanation=explanation)


def own_words(text: str) -> str:
    """One model's reply, for an explanation.

    A brace at its very beginning would let a model speak as the members of a jury do, whose
    explanations are lines of JSON: a space goes before it.
    """
    return f" {text}" if text.startswith("{") else text


def opening(text: str) -> str:
    """The beginning of a text, on one line."""
    return " ".join(text.split())[:QUOTED]
