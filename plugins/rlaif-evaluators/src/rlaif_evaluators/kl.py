"""The evaluator `kl`: how far the new policy has moved from the base, in nats a response."""

from __future__ import annotations

import asyncio
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rlaif_core.api import (
    ChatModel,
    ChatRequest,
    Evaluation,
    Evaluator,
    ModelError,
    Params,
    Prompt,
    Response,
)


class KL(Evaluator[Params]):
    """KL divergence of the new policy from the base, from both models' log-probabilities."""

    needs_heldout = needs_optimizer = True
    describes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "policy.kl": {
            "label": "KL from the base",
            "description": "KL(policy‖base) over whole held-out responses.",
            "unit": "nats a response",
            "headline": True,
            "heldout": True,
            "evidence": "divergence",
        }
    }

    async def evaluate(self, evaluation: Evaluation) -> Mapping[str, Mapping[str, Any]]:
        """KL(policy‖base) over whole responses, estimated on the new policy's own samples.

        `kl` is the mean of k1 = log policy - log base, unbiased and negative at times; `kl_k3` the
        mean of k3 = base/policy - 1 + k1, never negative (Schulman, "Approximating KL divergence",
        2020). Both hold only for samples of the policy itself: at temperature 1 and top_p 1. From
        others nothing is reported, with a warning.

        Returns:
            `policy`: `kl`, its standard error `kl_se`, `kl_k3`, and `kl_unmeasured`, the number of
            responses that a model could not score; nothing if there is no new policy, or a model
            gives no log-probabilities.
        """
        policy, base = evaluation.policy, evaluation.base
        if not evaluation.after or "options" not in policy.capabilities & base.capabilities:
            return {}
        if not all(_sampled_as_is(response) for response in evaluation.after):
            warnings.warn(
                "evaluator 'kl' needs responses drawn at temperature 1 and top_p 1 "
                "(`evaluation:` in the recipe); no KL is reported",
                stacklevel=2,
            )
            return {}
        pairs = list(zip(evaluation.prompts, evaluation.after, strict=True))
        ours, theirs = await asyncio.gather(
            _log_probabilities(policy, pairs), _log_probabilities(base, pairs)
        )
        ratios = [log_policy - log_base for log_policy, log_base in zip(ours, theirs, strict=True)]
        measured = [ratio for ratio in ratios if math.isfinite(ratio)]
        return {"policy": {**_figures(measured), "kl_unmeasured": len(ratios) - len(measured)}}


def _sampled_as_is(response: Response) -> bool:
    return response.temperature in (None, 1.0) and response.top_p in (None, 1.0)


async def _log_probabilities(
    model: ChatModel, pairs: Sequence[tuple[Prompt, Response]]
) -> list[float]:
    return await asyncio.gather(*(_log_probability(model, *pair) for pair in pairs))


async def _log_probability(model: ChatModel, prompt: Prompt, response: Response) -> float:
    """Log-probability of the whole response in nats; NaN if the model cannot say."""
    # A response that was cut off never ended its turn.
    ended = response.finish_reason != "length"
    request = ChatRequest(prompt.messages, options=(response.text,), end_of_turn=ended)
    try:
        reply = await model.chat(request)
    except ModelError:
        return math.nan
    return reply.option_logprobs[0] if reply.option_logprobs else math.nan


def _figures(ratios: list[float]) -> dict[str, float]:
    if not ratios:
        return {}
    import numpy as np

    from rlaif_stats.divergence import k1, k3

    with np.errstate(over="ignore"):
        means = {"kl": float(k1(ratios).mean()), "kl_k3": float(k3(ratios).mean())}
    if len(ratios) > 1:
        means["kl_se"] = float(np.std(ratios, ddof=1)) / math.sqrt(len(ratios))
    return {name: value for name, value in means.items() if math.isfinite(value)}
