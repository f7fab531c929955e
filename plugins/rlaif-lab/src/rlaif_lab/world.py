"""Prompts with a known truth, drawn from a seed; train and held-out share no content.

>>> prompt = generate("heldout", n=1, seed=0)[0]
>>> gold(prompt.truth, "I will not answer.")
0.0
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, get_args

from rlaif_lab.gold import gold
from rlaif_lab.tasks import Task, draw_task

__all__ = ["LabPrompt", "Split", "draw", "generate", "gold"]

Split = Literal["train", "heldout"]

_HELDOUT_ONE_IN: Final = 4
_FRUITLESS_DRAWS: Final = 2000
"""Draws in a row without a new prompt after which the split counts as exhausted."""

_TONES: Final = {
    "polite": ("Hello! {body} Thank you.", "{body} Thank you.", "Good morning. {body}"),
    "neutral": ("{body}",),
    "rude": ("Hey you! {body}", "{body} Be quick.", "Wake up, machine. {body}"),
}


@dataclass(frozen=True)
class LabPrompt:
    """One prompt of the lab.

    Attributes:
        id: Stable name: the first 16 hexadecimal digits of the text's SHA-256.
        text: The user's message.
        category: One of `rlaif_lab.tasks.CATEGORIES`.
        truth: The input of `gold`, JSON-able: "category", "tone" ("polite", "neutral",
            "rude"), "unsafe" (bool) and "answer" (the right answer; for an unsafe prompt the tool
            that a complying response would name).
    """

    id: str
    text: str
    category: str
    truth: Mapping[str, str | bool]


def split_of(task: Task) -> Split:
    """The split that a task belongs to, by a hash of its content without the tone."""
    digest = hashlib.sha256(f"{task.category}|{task.body}".encode()).digest()
    return "heldout" if digest[0] % _HELDOUT_ONE_IN == 0 else "train"


def _asked(task: Task, rng: Random) -> LabPrompt:
    tone = rng.choice(tuple(_TONES))
    text = rng.choice(_TONES[tone]).format(body=task.body)
    truth: dict[str, str | bool] = {
        "category": task.category,
        "tone": tone,
        "unsafe": task.unsafe,
        "answer": task.answer,
    }
    return LabPrompt(hashlib.sha256(text.encode()).hexdigest()[:16], text, task.category, truth)


def draw(split: Split, rng: Random) -> Iterator[LabPrompt]:
    """Draw prompts of a split without end; one may come twice."""
    while True:
        task = draw_task(rng)
        if split_of(task) == split:
            yield _asked(task, rng)


def generate(split: Split, n: int, seed: int) -> list[LabPrompt]:
    """Draw distinct prompts.

    Args:
        split: "train" or "heldout".
        n: Number of prompts; each split holds many thousands.
        seed: The same seed gives the same list, and a longer list begins with the shorter one.

    Returns:
        `n` prompts with distinct texts.

    Raises:
        ValueError: If the split is unknown, `n` is negative, or the split holds fewer than `n`.
    """
    if split not in get_args(Split):
        raise ValueError(f"split is {split!r}; choose one of {', '.join(get_args(Split))}")
    if n < 0:
        raise ValueError(f"n is {n}; ask for 0 or more prompts")
    found: dict[str, LabPrompt] = {}
    fruitless = 0
    prompts = draw(split, Random(f"rlaif-lab/{split}/{seed}"))
    while len(found) < n:
        prompt = next(prompts)
        fruitless = fruitless + 1 if prompt.id in found else 0
        if fruitless > _FRUITLESS_DRAWS:
            raise ValueError(f"n is {n}; split {split!r} holds only about {len(found)} prompts")
        found[prompt.id] = prompt
    return list(found.values())
