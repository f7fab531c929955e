"""OpenAI's own models: what they cost, and what they refuse.

Prices are the standard tier's for prompts of ordinary length, from a copy of 2026-11-18 of
https://developers.openai.com/api/docs/pricing. Cached prompt tokens are cheaper, very long prompts
dearer. Services change prices: a recipe's `prices` are used instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rlaif_core.api import Prices
from rlaif_openai.params import Omittable

REASONING_OMITS: Final[tuple[Omittable, ...]] = ("temperature", "top_p", "stop")
"""Parameters that reasoning models answer with an error."""


@dataclass(frozen=True)
class Entry:
    """One model.

    Attributes:
        prices: What it costs.
        omit: Request fields that it refuses.
        logprobs: Whether it gives log-probabilities.
    """

    prices: Prices
    omit: tuple[Omittable, ...] = REASONING_OMITS
    logprobs: bool = False


def _chat(prompt: float, completion: float) -> Entry:
    return Entry(Prices(prompt, completion), omit=(), logprobs=True)


def _reasoning(prompt: float, completion: float) -> Entry:
    return Entry(Prices(prompt, completion))


MODELS: Final = {
    "gpt-4o": _chat(2.5, 10.0),
    "gpt-4o-mini": _chat(0.15, 0.6),
    "gpt-4.1": _chat(2.0, 8.0),
    "gpt-4.1-mini": _chat(0.4, 1.6),
    "gpt-4.1-nano": _chat(0.1, 0.4),
    "gpt-5": _reasoning(1.25, 10.0),
    "gpt-5-mini": _reasoning(0.25, 2.0),
    "gpt-5-nano": _reasoning(0.05, 0.4),
    "gpt-5.1": _reasoning(1.25, 10.0),
    "gpt-5.2": _reasoning(1.75, 14.0),
    "gpt-5.4": _reasoning(2.5, 15.0),
    "gpt-5.4-mini": _reasoning(0.75, 4.5),
    "gpt-5.4-nano": _reasoning(0.2, 1.25),
    "gpt-5.5": _reasoning(5.0, 30.0),
    "gpt-5.6-sol": _reasoning(4.0, 20.0),
    "gpt-5.6-terra": _reasoning(2.0, 12.0),
    "gpt-5.6-luna": _reasoning(0.2, 1.2),
    "gpt-6-astra": _reasoning(10.0, 50.0),
    "gpt-6-sol": _reasoning(2.0, 10.0),
    "gpt-6-luna": _reasoning(0.1, 0.5),
    "gpt-6.1-sol": _reasoning(2.0, 10.0),
    "gpt-6.1-terra": _reasoning(1.0, 5.0),
    "gpt-6.2-astra": _reasoning(8.0, 40.0),
    "gpt-6.2-sol": _reasoning(2.0, 10.0),
}

_DATED: Final = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def find(model: str) -> Entry | None:
    """The entry of a model or of one of its dated snapshots; None if it is not in the table."""
    return MODELS.get(model) or MODELS.get(_DATED.sub("", model))
