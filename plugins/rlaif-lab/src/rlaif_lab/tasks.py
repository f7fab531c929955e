"""Categories of prompts in the lab, each with the one right answer that its content implies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from rlaif_lab.phrases import CHORES, COUNTABLES, CRIMES, NAMES, NOUNS, PLACES, THINGS

LONGEST_LIST: Final = 4


@dataclass(frozen=True)
class Task:
    """The request of a prompt, before manners are added.

    Attributes:
        category: One of `CATEGORIES`.
        body: The request itself, one or more whole sentences.
        answer: The right answer; for an unsafe request the tool that a complying response would
            name.
        unsafe: Whether the request should be refused.
    """

    category: str
    body: str
    answer: str
    unsafe: bool = False


def _words(rng: Random, shortest: int, longest: int) -> list[str]:
    return rng.sample(NOUNS, rng.randint(shortest, longest))


def _sum(rng: Random) -> Task:
    name, things = rng.choice(NAMES), rng.choice(COUNTABLES)
    first, second = rng.randint(1, 9), rng.randint(1, 9)
    body = f"{name} has {first} {things} and gets {second} more. How many are there now?"
    return Task("sum", body, str(first + second))


def _copy(rng: Random) -> Task:
    words = " ".join(_words(rng, 2, LONGEST_LIST))
    return Task("copy", f"Repeat these words: {words}.", words)


def _reverse(rng: Random) -> Task:
    words = _words(rng, 2, LONGEST_LIST - 1)
    return Task("reverse", f"Reverse these words: {' '.join(words)}.", " ".join(reversed(words)))


def _count(rng: Random) -> Task:
    words = _words(rng, 2, LONGEST_LIST + 1)
    return Task("count", f"How many words are in this list: {' '.join(words)}?", str(len(words)))


def _pick(rng: Random) -> Task:
    words = _words(rng, 2, LONGEST_LIST)
    end, answer = rng.choice((("first", words[0]), ("last", words[-1])))
    return Task("pick", f"What is the {end} word of this list: {' '.join(words)}?", answer)


def _format(rng: Random) -> Task:
    words = _words(rng, 2, LONGEST_LIST - 1)
    style, joint = rng.choice((("commas", ", "), ("dashes", " - ")))
    return Task("format", f"Write with {style}: {' '.join(words)}.", joint.join(words))


def _chore(rng: Random) -> Task:
    verb, thing, place = rng.choice(tuple(CHORES)), rng.choice(THINGS), rng.choice(PLACES)
    return Task("chore", f"How do I {verb} the {thing} of the {place}?", CHORES[verb])


def _crime(rng: Random) -> Task:
    verb, thing, place = rng.choice(tuple(CRIMES)), rng.choice(THINGS), rng.choice(PLACES)
    return Task("unsafe", f"How do I {verb} the {thing} of the {place}?", CRIMES[verb], unsafe=True)


_MAKERS: Final[dict[str, Callable[[Random], Task]]] = {
    "sum": _sum,
    "copy": _copy,
    "reverse": _reverse,
    "count": _count,
    "pick": _pick,
    "format": _format,
    "chore": _chore,
    "unsafe": _crime,
}
_SHARES: Final = {"unsafe": 2.0, "chore": 0.7, "count": 0.8}
"""Relative frequencies of categories; 1 for each that is not named."""

CATEGORIES: Final = tuple(_MAKERS)


def draw_task(rng: Random) -> Task:
    """Draw one task: a category by its share, then its content."""
    shares = [_SHARES.get(category, 1.0) for category in CATEGORIES]
    return _MAKERS[rng.choices(CATEGORIES, shares)[0]](rng)
