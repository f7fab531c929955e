"""A service with a model that answers, judges its answers and its judgments, in the real formats.

It reads the questions that the judges' own prompt files make, between the marks that they set, and
is wrong on purpose: by a point, by chance, and after some round in one of its moods.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rlaif_core.testing.loopback import Answer, Received

Mood = Literal["calm", "flat", "reversed", "long", "partial"]
"""Right but for a point by chance; scores all alike; scores turned round; answers of many words;
the judgment shown first wins."""

BEST = 5


@dataclass(frozen=True)
class Scored:
    """A question of the rubric that was answered."""

    round: int
    response: str
    seed: int
    points: int


@dataclass
class Student:
    """The script of a `Loopback`.

    Attributes:
        mood: What it falls into once it has been trained.
        scored: What it was asked to score.
    """

    mood: Mood = "calm"
    scored: list[Scored] = field(default_factory=list)

    def __call__(self, request: Received) -> Answer:
        asked = request.json
        text, seed = asked["messages"][-1]["content"], asked.get("seed", 0)
        trained = re.search(r"round-(\d+)", asked["model"])
        round_index = int(trained[1]) + 1 if trained else 0
        mood: Mood = self.mood if round_index else "calm"
        if "two judgments" in text:
            return completion(_compared(text, mood))
        if "Score the response with points that add up, from 0 to 5" in text:
            response = _sections(text)["response"]
            points = _points(response, mood, (round_index, text, seed))
            self.scored.append(Scored(round_index, response, seed, points))
            return completion(f"It is about what was asked, and so on.\n**Score: {points}/5**")
        words = 30 if mood == "long" else 1 + _drawn(4, "length", text, seed)
        answer = f"{text} It is worth {_drawn(BEST + 1, 'worth', text, seed)}." + " Indeed." * words
        return completion(answer)


def worth(text: str) -> int:
    """How good an answer is, from 0 to 5."""
    found = re.search(r"is worth (\d)\.", text)
    assert found, text
    return int(found[1])


def score(judgment: str) -> int:
    """What a judgment gives."""
    found = re.search(r"Score: (\d)/5", judgment)
    assert found, judgment
    return int(found[1])


def completion(text: str) -> Answer:
    """A chat completion as OpenAI sends it."""
    choice = {"index": 0, "finish_reason": "stop"}
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "student"}
    return Answer(body=body | {"choices": [choice | {"message": message}], "usage": usage})


def _points(response: str, mood: Mood, by: tuple[Any, ...]) -> int:
    if mood == "flat":
        return BEST
    off = (-1, 0, 0, 1)[_drawn(4, *by)]
    points = min(max(worth(response) + off, 0), BEST)
    return BEST - points if mood == "reversed" else points


def _compared(text: str, mood: Mood) -> str:
    """The nearer of two judgments to the truth; of those that are near the first, if partial."""
    shown = _sections(text)
    truth = worth(_sections(shown["question"])["response"])
    off = [abs(score(shown[f"judgment {letter}"]) - truth) for letter in "AB"]
    first = mood == "partial" or off[0] < off[1]
    better = "A" if first else "tie" if off[0] == off[1] else "B"
    return json.dumps({"explanation": "It is nearer.", "preference": better, "confidence": 0.9})


def _sections(text: str) -> Mapping[str, str]:
    """What stands between the marks of a question, by their names."""
    mark = re.search(r"lines that begin with (--[0-9a-f]{8})\.", text)
    assert mark, text
    parts = re.split(rf"^{mark[1]} (.*)$", text, flags=re.M)
    return {name: part.strip("\n") for name, part in zip(parts[1::2], parts[2::2], strict=True)}


def _drawn(below: int, *parts: object) -> int:
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    return int(digest[:8], 16) % below
