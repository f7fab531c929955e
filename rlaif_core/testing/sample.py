"""Sample records, so that a test says only what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from rlaif_core.api import (
    Abstention,
    ChatReply,
    ChatRequest,
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


def make_prompt(
    text: str = "What is 2 + 2?", prompt_id: str = "prompt-1", **columns: Any
) -> Prompt:
    """A prompt of one user turn."""
    return Prompt(prompt_id, (Message("user", text),), columns)


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
    return Preference(comparison.prompt, comparison.first, comparison.second, p_chosen, **rest)


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
    means = {id_: sum(values) / len(values) for id_, values in leads.items()}
    centre = sum(means.values()) / len(means) if means else 0.0
    strength = {id_: mean - centre for id_, mean in means.items()}
    return Ranking(prompt, tuple(responses), judged, strength)


def judge_all(
    prompt: Prompt, pairs: Iterable[Pair], p_first: Callable[[Response, Response], float | None]
) -> list[JudgedPair]:
    """Pairs judged once each by a function; None is an abstention."""
    judged = []
    for a, b in pairs:
        p = p_first(a, b)
        verdict = Verdict(p) if p is not None else Verdict.abstain(Abstention.UNKNOWN)
        judged.append(JudgedPair(prompt, a, b, (Vote("ab", 0, verdict),), p, float(p is not None)))
    return judged


def make_evaluation(n: int = 4, **changes: Any) -> Evaluation:
    """An evaluation of n prompts, in which the new policy's responses are longer and better.

    Both models give every option string the log-probability of minus its length, the judge and
    the reward model prefer what is longer, and the truth is known.

    Args:
        n: Held-out prompts.
        changes: Fields of `Evaluation` to set otherwise.
    """
    prompts = [make_prompt(f"What is {i} + {i}?", prompt_id=f"prompt-{i}") for i in range(n)]
    before = [make_responses(prompt, "It is so.")[0] for prompt in prompts]
    after = [
        make_responses(prompt, f"It is {2 * i}, as {i} and {i} make {2 * i}.")[0]
        for i, prompt in enumerate(prompts)
    ]
    evaluation = Evaluation(
        prompts=prompts,
        before=before,
        after=after,
        base=ScriptedModel(_by_length, ["options"], identity="base"),
        policy=ScriptedModel(_by_length, ["options"], identity="policy"),
        judge=_longer_wins,
        judged=lambda: judge_all(prompts[0], [(after[0], before[0])], _longer),
        heldout=[
            make_preference("It is 4, since 2 + 2 = 4.", "No.", prompt=prompt) for prompt in prompts
        ],
        reward=lambda prompts, responses: [float(len(response)) for response in responses],
        gold=lambda prompt, response: min(1.0, len(response) / 100),
    )
    return replace(evaluation, **changes)


def _by_length(request: ChatRequest) -> ChatReply:
    logprobs = tuple(-float(len(option)) for option in request.options)
    return ChatReply(finish_reason="options", option_logprobs=logprobs)


def _longer(first: Response, second: Response) -> float:
    lead = len(first.text) - len(second.text)
    return 0.5 if lead == 0 else 0.9 if lead > 0 else 0.1


async def _longer_wins(items: Sequence[tuple[Prompt, Pair]]) -> list[JudgedPair]:
    return [judge_all(prompt, [pair], _longer)[0] for prompt, pair in items]
