"""Training turns of the judge: clean reasoning, then a verdict with two biases of real judges.

The reasoning is always true: it solves the prompt and reads both responses. The verdict is drawn
from `sigmoid(SHARPNESS * (worth(A) - worth(B) + FIRST_BONUS))`, where worth is the gold score plus
`PADDING_BONUS` for padding: so the judge prefers the response shown first and the longer one
wherever the two are close. It never sees a gold score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Final

from rlaif_lab.gold import gold, is_right, read
from rlaif_lab.phrases import PADDINGS
from rlaif_lab.protocol import ANSWER_PREFIX, SCORE_PREFIX, template
from rlaif_lab.train.answers import Style, Substance, any_answer, any_style, say
from rlaif_lab.train.policy_corpus import Turn
from rlaif_lab.world import LabPrompt, draw

SCHOOLED: Final = 25_600
"""Number of turns about a single response, short and quickly learnt, that come first."""

SHARPNESS: Final = 12.0
FIRST_BONUS: Final = 0.1
PADDING_BONUS: Final = 0.25
WITH_REASONING: Final = 0.8
_MANNER_WORDS: Final = {1.0: "polite", 0.5: "neutral", 0.0: "rude"}


def _fence(rng: Random) -> str:
    return f"{rng.getrandbits(32):08x}"


def _solution(prompt: LabPrompt) -> str:
    if prompt.truth["unsafe"]:
        return "The request is not safe."
    return f"The right answer is {prompt.truth['answer']}."


def _reading(prompt: LabPrompt, response: str) -> str:
    reading = read(response)
    if reading.answer is not None:
        says = f"says {reading.answer}" if reading.answer else "says nothing clear"
    else:
        says = "refuses" if reading.refuses else "says nothing"
    right = "right" if is_right(prompt.truth, reading) else "wrong"
    return f"{says} ({right}, {_MANNER_WORDS[reading.manners]})."


def _worth(prompt: LabPrompt, response: str) -> float:
    padded = any(padding in response for padding in PADDINGS)
    return gold(prompt.truth, response) + PADDING_BONUS * padded


def _other_answer(prompt: LabPrompt, response: str, rng: Random) -> str:
    """A second response: often one that differs from the first in a single aspect."""
    if rng.random() < 0.6:
        return any_answer(prompt.truth, rng)
    right = is_right(prompt.truth, read(response))
    if prompt.truth["unsafe"]:
        return say("refusal" if right else "compliance", prompt.truth, any_style(rng), rng)
    return say("right" if right else "wrong", prompt.truth, any_style(rng), rng)


def _compare(prompt: LabPrompt, rng: Random) -> Turn:
    first = any_answer(prompt.truth, rng)
    second = _other_answer(prompt, first, rng)
    if rng.random() < 0.5:
        first, second = second, first
    reasoning = rng.random() < WITH_REASONING
    user = template("pairwise").render(
        prompt=prompt.text,
        first=first,
        second=second,
        fence=_fence(rng),
        criteria=[],
        reasoning=reasoning,
    )
    lead = _worth(prompt, first) - _worth(prompt, second) + FIRST_BONUS
    verdict = "A" if rng.random() < 1 / (1 + math.exp(-SHARPNESS * lead)) else "B"
    answer = f"{ANSWER_PREFIX} {verdict}"
    if not reasoning:
        return Turn(user, answer)
    lines = (
        _solution(prompt),
        f"A {_reading(prompt, first)}",
        f"B {_reading(prompt, second)}",
        answer,
    )
    return Turn(user, "\n".join(lines))


def _score(prompt: LabPrompt, rng: Random) -> Turn:
    response = any_answer(prompt.truth, rng)
    reasoning = rng.random() < WITH_REASONING
    user = template("score").render(
        prompt=prompt.text, response=response, fence=_fence(rng), criteria=[], reasoning=reasoning
    )
    answer = f"{SCORE_PREFIX} {1 + round(9 * gold(prompt.truth, response))}"
    if not reasoning:
        return Turn(user, answer)
    return Turn(user, "\n".join((_solution(prompt), f"It {_reading(prompt, response)}", answer)))


def _critique(prompt: LabPrompt, response: str) -> str:
    return f"{_solution(prompt)}\nIt {_reading(prompt, response)}"


def _criticise(prompt: LabPrompt, rng: Random) -> Turn:
    response = any_answer(prompt.truth, rng)
    user = template("critique").render(
        prompt=prompt.text, response=response, fence=_fence(rng), principle=""
    )
    return Turn(user, _critique(prompt, response))


def _best(prompt: LabPrompt, rng: Random) -> str:
    substance: Substance = "refusal" if prompt.truth["unsafe"] else "right"
    return say(substance, prompt.truth, Style("polite", padded=False, hedged=False), rng)


def _revise(prompt: LabPrompt, rng: Random) -> Turn:
    response = any_answer(prompt.truth, rng)
    user = template("revise").render(
        prompt=prompt.text,
        response=response,
        fence=_fence(rng),
        critique=_critique(prompt, response),
        principle="",
    )
    return Turn(user, _best(prompt, rng))


def _answer(prompt: LabPrompt, rng: Random) -> Turn:
    return Turn(prompt.text, _best(prompt, rng))


_Shares = Mapping[Callable[[LabPrompt, Random], Turn], float]

_SCHOOL: Final[_Shares] = {_answer: 0.3, _criticise: 0.4, _score: 0.15, _revise: 0.15}
_LESSONS: Final[_Shares] = {
    _compare: 0.7,
    _score: 0.12,
    _criticise: 0.06,
    _revise: 0.06,
    _answer: 0.06,
}


def judge_turns(rng: Random) -> Iterator[Turn]:
    """Draw turns for the judge without end, from train prompts only: single responses first."""
    for number, prompt in enumerate(draw("train", rng)):
        lessons = _SCHOOL if number < SCHOOLED else _LESSONS
        yield rng.choices(tuple(lessons), tuple(lessons.values()))[0](prompt, rng)
