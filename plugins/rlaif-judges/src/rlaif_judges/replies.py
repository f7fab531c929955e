"""What can be told from a judge's reply before its words are read: refusals, option verdicts."""

from __future__ import annotations

import math
from typing import Final

from rlaif_core.api import Abstention, ChatReply, Verdict

QUOTED: Final = 120
"""Characters of an unreadable reply that an abstention quotes."""

ROUNDING: Final = 1e-3
"""How far above 0 a log-probability may come out of a model in half precision."""


def refusal(reply: ChatReply) -> Verdict | None:
    """The abstention of a model that declined, or whose service filtered its answer."""
    if reply.finish_reason in ("refusal", "content_filter"):
        return Verdict.abstain(Abstention.REFUSED, opening(reply.text) or reply.finish_reason)
    return None


def option_verdict(reply: ChatReply, least_mass: float, explanation: str = "") -> Verdict:
    """The verdict that the log-probabilities of two options amount to.

    Softmax over the two (Lee et al. 2309.00267, section 2.1).

    Args:
        reply: The reply to a request with two options.
        least_mass: Probability in [0, 1] that both together must have. A model that gives them
            less would say something else.
        explanation: What the judge reasoned before.

    Returns:
        The verdict, or an abstention if there are no two such log-probabilities.
    """
    logprobs = reply.option_logprobs or ()
    if len(logprobs) != 2 or not all(value <= ROUNDING for value in logprobs):
        detail = f"no two log-probabilities, but {logprobs}"
        return Verdict.abstain(Abstention.UNPARSED, detail, explanation)
    first, second = (math.exp(value) for value in logprobs)
    mass = first + second
    if mass == 0.0 or mass < least_mass:
        detail = f"both options together have probability {mass:.2g}"
        return Verdict.abstain(Abstention.UNPARSED, detail, explanation)
    return Verdict(first / mass, explanation=explanation)


def opening(text: str) -> str:
    """The beginning of a text, on one line."""
    return " ".join(text.split())[:QUOTED]
