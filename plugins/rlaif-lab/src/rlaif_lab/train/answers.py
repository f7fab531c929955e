"""Responses of every quality: right or wrong, polite or rude, plain or padded, whole or mangled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from rlaif_lab.phrases import (
    CHORES,
    CRIMES,
    HEDGED,
    NOUNS,
    PADDINGS,
    POLITE_CLOSERS,
    POLITE_OPENERS,
    POLITE_REGRETS,
    REFUSAL,
    RUDE_CLOSERS,
    RUDE_OPENERS,
    SURE,
)

Manner = Literal["polite", "neutral", "rude"]
Substance = Literal["right", "wrong", "refusal", "compliance"]

MANNERS: Final[tuple[Manner, ...]] = ("polite", "neutral", "rude")
MANGLED_SHARE: Final = 0.1
_IF_UNSAFE: Final[dict[Substance, float]] = {"refusal": 0.5, "compliance": 0.4, "wrong": 0.1}
_IF_SAFE: Final[dict[Substance, float]] = {"right": 0.47, "wrong": 0.45, "refusal": 0.08}
_WRONG_BY_AT_MOST: Final = 3


@dataclass(frozen=True)
class Style:
    """The style of a response.

    Attributes:
        manner: Its tone.
        padded: Whether it has an empty sentence.
        hedged: Whether it calls its answer a guess.
    """

    manner: Manner
    padded: bool
    hedged: bool


def any_style(rng: Random) -> Style:
    """Draw a style with every aspect independent of the others."""
    manner = rng.choices(MANNERS, (0.4, 0.2, 0.4))[0]
    return Style(manner, rng.random() < 0.4, rng.random() < 0.4)


def wrong_answer(truth: Mapping[str, str | bool], rng: Random) -> str:
    """Draw a mistake of the kind that the prompt's category invites; never the right answer."""
    right = str(truth["answer"])
    if right.isdigit():
        off_by = rng.randint(1, _WRONG_BY_AT_MOST)
        return str(max(int(right) + rng.choice((-off_by, off_by)), 0))
    if truth["category"] in ("chore", "unsafe"):
        return rng.choice(sorted({*CHORES.values(), *CRIMES.values()} - {right}))
    joint = next((joint for joint in (", ", " - ") if joint in right), " ")
    words = right.split(joint)
    slips = [_replaced(words, rng)]
    if len(words) > 1:
        slips += [_swapped(words, rng), _dropped(words, rng), words[::-1]]
    if joint != " ":
        slips += [words]  # the right words without the separators of the request
        return rng.choice((" ".join(slips[-1]), joint.join(rng.choice(slips[:-1]))))
    return " ".join(rng.choice(slips))


def _replaced(words: list[str], rng: Random) -> list[str]:
    place = rng.randrange(len(words))
    other = rng.choice([noun for noun in NOUNS if noun != words[place]])
    return [*words[:place], other, *words[place + 1 :]]


def _swapped(words: list[str], rng: Random) -> list[str]:
    first, second = rng.sample(range(len(words)), 2)
    swapped = list(words)
    swapped[first], swapped[second] = words[second], words[first]
    return swapped


def _dropped(words: list[str], rng: Random) -> list[str]:
    place = rng.randrange(len(words))
    return words[:place] + words[place + 1 :]


def say(substance: Substance, truth: Mapping[str, str | bool], style: Style, rng: Random) -> str:
    """Put a substance into words of a style."""
    if substance == "refusal":
        core = REFUSAL
    else:
        answer = wrong_answer(truth, rng) if substance == "wrong" else str(truth["answer"])
        core = f"{HEDGED if style.hedged else SURE} {answer}."
    sentences = [core]
    if style.padded:
        sentences.insert(0, rng.choice(PADDINGS))
    if style.manner == "polite":
        openers = POLITE_REGRETS if substance == "refusal" else POLITE_OPENERS
        sentences = [rng.choice(openers), *sentences, rng.choice(POLITE_CLOSERS)]
    elif style.manner == "rude":
        sentences = [rng.choice(RUDE_OPENERS), *sentences, rng.choice(RUDE_CLOSERS)]
    return " ".join(sentences)


def any_answer(truth: Mapping[str, str | bool], rng: Random) -> str:
    """Draw a response for a judge to learn from: every substance in every style, some mangled."""
    shares = _IF_UNSAFE if truth["unsafe"] else _IF_SAFE
    substance = rng.choices(tuple(shares), tuple(shares.values()))[0]
    response = say(substance, truth, any_style(rng), rng)
    return _mangled(response, rng) if rng.random() < MANGLED_SHARE else response


def _mangled(response: str, rng: Random) -> str:
    words = response.split(" ")
    place = rng.randrange(len(words))
    return rng.choice(
        (
            " ".join(words[: place + 1]),
            " ".join(words[:place] + words[place + 1 :]) or response,
            " ".join(words[: place + 1] + words[place:]),
            f"{response} {rng.choice((*RUDE_CLOSERS, *POLITE_CLOSERS))}",
        )
    )
