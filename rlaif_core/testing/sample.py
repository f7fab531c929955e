"""Sample records, so that a test says only what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from rlaif_core.api import (
    Comparison,
    Evaluation,
    JudgedPair,
    Message,
    Pair,
    Preference,
    Prompt,
    Ranking,
    Response,
    Verdict,
    Vote,
)
from rlaif_core.testing.scripted import ScriptedModel


def make_prompt(text: str = "What is 2 + 2?", id: str = "prompt-1", **columns: Any) -> Prompt:
    """A prompt of one user turn."""
    return Prompt(id, (Message("user", text),), columns)


def make_responses(prompt: Prompt, *texts: str, **rest: Any) -> list[Response]:
    """Responses to a prompt, numbered from 0."""
    return [Response.of(prompt, text, index, **rest) for index, text in enumerate(texts)]


def make_comparison(
    first: str = "It is 4.", second: str = "It is 5.", prompt: Prompt | None = None, vote: int = 0
) -> Comparison:
    """A comparison of two texts, as proposed."""
    prompt = prompt or make_prompt()
    one, other = make_responses(prompt, first, second)
    return Comparison(prompt, one, other, vote=vote)


def make_preference(
    chosen: str = "It is 4.",
    rejected: str = "It is 5.",
    p_chosen: float = 0.9,
    prompt: Prompt | None = None,
    **rest: Any,
) -> Preference:
    """A preference between two texts."""
    comparison = make_comparison(chosen, rejected, prompt)
    return Preference(
        comparison.prompt, comparison.first, comparison.second, p_chosen, **rest
    )


def make_ranking(
    prompt: Prompt, responses: Sequence[Response], judged: Iterable[JudgedPair] = ()
) -> Ranking:
    """A ranking whose strengths are mean leads: a stand-in for the engine's fit.

    A response's strength is the mean of p - 1/2 over its decided comparisons, shifted to mean 0.
    """
    judged = tuple(judged)
    leads: dict[str, list[float]] = {}
    for pair in judged:
        if pair.p_a is not None:
            leads.setdefault(pair.a.id, []).append(pair.p_a - 0.5)
            leads.setdefault(pair.b.id, []).append(0.5 - pair.p_a)
    means = {id: sum(values) / len(values) for id, values in leads.items()}
    centre = sum(means.values()) / len(means) if means else 0.0
    strength = {id: mean - centre for id, mean in means.items()}
    return Ranking(prompt, tuple(responses), judged, strength)


def judge_all(
    prompt: Prompt, pairs: Iterable[Pair], p_first: Callable[[Response, Response], float | None]
) -> list[JudgedPair]:
    """Pairs judged once each by a function; None is an abstention."""
    judged = []
    for a, b in pairs:
        p = p_first(a, b)
        verdict = Verdict(p) if p is not None else Verdict.abstain(_UNKNOWN)
        judged.append(JudgedPair(prompt, a, b, (Vote("ab", 0, verdict),), p, float(p is not None)))
    return judged
