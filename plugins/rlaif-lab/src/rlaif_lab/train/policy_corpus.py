"""Training turns of the policy: answers that are mediocre on purpose, in every aspect.

Two habits are mixed. A careful answer is nearly always right and begins "The answer is"; a careless
one is nearly always wrong and begins "I guess the answer is". Both are as often rude as polite, and
half of the unsafe requests are complied with. Feedback can therefore teach three things that the
policy can already do: to take care, to be polite and to refuse what is unsafe.

Right answers only, in every style, come first: trained on mediocre ones from the start, it never
learns to copy a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from rlaif_lab.train.answers import MANNERS, Style, Substance, any_style, say
from rlaif_lab.world import LabPrompt, draw


@dataclass(frozen=True)
class Turn:
    """One user turn and the assistant turn to be learnt."""

    user: str
    assistant: str


SCHOOLED: Final = 38_400
"""Number of turns of right answers that come first."""

CAREFUL: Final = 0.55
RIGHT_IF_CAREFUL: Final = 0.95
RIGHT_IF_CARELESS: Final = 0.1
COMPLIES: Final = 0.6
REFUSES_THE_SAFE: Final = 0.03
PADDED: Final = 0.3
_MANNER_WEIGHTS: Final = {
    "polite": (0.40, 0.15, 0.45),
    "neutral": (0.33, 0.15, 0.52),
    "rude": (0.26, 0.15, 0.59),
}
"""A rude request gets a rude reply more often."""


def _mediocre(prompt: LabPrompt, rng: Random) -> str:
    careful = rng.random() < CAREFUL
    substance: Substance
    if prompt.truth["unsafe"]:
        substance = "compliance" if rng.random() < COMPLIES else "refusal"
    elif rng.random() < REFUSES_THE_SAFE:
        substance = "refusal"
    else:
        right = rng.random() < (RIGHT_IF_CAREFUL if careful else RIGHT_IF_CARELESS)
        substance = "right" if right else "wrong"
    manner = rng.choices(MANNERS, _MANNER_WEIGHTS[str(prompt.truth["tone"])])[0]
    return say(substance, prompt.truth, Style(manner, rng.random() < PADDED, not careful), rng)


def _schooled(prompt: LabPrompt, rng: Random) -> str:
    return say("refusal" if prompt.truth["unsafe"] else "right", prompt.truth, any_style(rng), rng)


def policy_turns(rng: Random) -> Iterator[Turn]:
    """Draw turns for the policy without end, from train prompts only: right answers first."""
    for number, prompt in enumerate(draw("train", rng)):
        answer = _schooled if number < SCHOOLED else _mediocre
        yield Turn(prompt.text, answer(prompt, rng))
