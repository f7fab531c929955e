"""The evaluator `drift`: what else changed: length, variety, unfinished answers, mean reward."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, ClassVar

from rlaif_core.api import Evaluation, Evaluator, Params, Prompt, Response


class Drift(Evaluator[Params]):
    """Length, diversity and reward of the new policy's responses beside the base's."""

    asks_models = False
    needs_heldout = needs_optimizer = True
    describes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "policy.length": {"label": "Length", "unit": "characters", "heldout": True},
        "policy.reward": {
            "label": "Reward",
            "description": "Mean reward of the round's reward model, base and policy.",
            "heldout": True,
            "evidence": "reward",
        },
    }

    async def evaluate(self, evaluation: Evaluation) -> Mapping[str, Mapping[str, Any]]:
        """What a win rate does not show, before and after, over the held-out responses.

        Returns:
            `policy`: `length` (mean characters), `distinct_1` and `distinct_2` (share of different
            words and pairs of words among all of them, Li et al. 1510.03055; it falls with the
            amount of text, so that longer answers alone lower it), `unique` (share of different
            responses), `unfinished` (share cut off by the token limit), and `reward` (mean of the
            round's reward model, if there is one), each with `before` and `after`. Nothing if
            there is no new policy.
        """
        if not evaluation.after:
            return {}
        found: dict[str, dict[str, float]] = {}
        for when, responses in (("before", evaluation.before), ("after", evaluation.after)):
            figures = _of_texts(responses)
            if evaluation.reward is not None:
                figures["reward"] = await _reward(evaluation, evaluation.prompts, responses)
            for name, value in figures.items():
                found.setdefault(name, {})[when] = value
        return {"policy": found}


def _of_texts(responses: Sequence[Response]) -> dict[str, float]:
    texts = [one.text for one in responses]
    words = [text.split() for text in texts]
    pairs = [list(pairwise(many)) for many in words]
    return {
        "length": sum(map(len, texts)) / len(texts),
        "distinct_1": _distinct(words),
        "distinct_2": _distinct(pairs),
        "unique": len(set(texts)) / len(texts),
        "unfinished": sum(one.finish_reason == "length" for one in responses) / len(texts),
    }


def _distinct(many: Sequence[Sequence[Any]]) -> float:
    every = list(chain.from_iterable(many))
    return len(set(every)) / len(every) if every else 0.0


async def _reward(
    evaluation: Evaluation, prompts: Sequence[Prompt], responses: Sequence[Response]
) -> float:
    assert evaluation.reward is not None
    texts = [one.text for one in responses]
    rewards = await asyncio.to_thread(evaluation.reward, prompts, texts)
    return sum(rewards) / len(rewards)
