"""The evaluator `best-of-n`: what choosing among n responses gains, without any training."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from rlaif_core.api import (
    ChatReply,
    ChatRequest,
    Evaluation,
    Evaluator,
    Measured,
    Measurement,
    Metric,
    ModelError,
    Params,
    Prompt,
    digest,
)

Scored = tuple[list[float], list[float]]
"""One prompt's rewards and gold scores, a sample each."""


class BestOfNParams(Params):
    """Parameters of `best-of-n`."""

    n: tuple[int, ...] = Field(
        default=(1, 2, 4, 8, 16), min_length=1, description="how many responses to choose among"
    )
    samples: int = Field(
        default=16, ge=2, le=256, description="responses drawn to a prompt, at least the largest n"
    )
    temperature: float = Field(default=1.0, gt=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=512, ge=1)

    def model_post_init(self, context: Any) -> None:
        """Check that n can be estimated."""
        if max(self.n) > self.samples or min(self.n) < 1:
            raise ValueError(f"every n must lie in 1..samples, which is {self.samples}")


class BestOfN(Evaluator[BestOfNParams]):
    """Reward and gold score of the base's best of n, chosen by the reward model: a curve."""

    Params = BestOfNParams
    needs_heldout = needs_reward_model = True

    async def evaluate(self, evaluation: Evaluation) -> Measured:
        """The baseline that costs no training, on the held-out prompts.

        Every n is estimated from the same samples, without bias (Nakano et al. 2112.09332). Where
        the reward rises with n and the gold score falls, the reward model is being exploited.

        Returns:
            `policy`: `best_of_n`, a row for each n with `n`, `reward`, `gold` if the truth is
            known, and `kl_bound` in nats (log n - (n - 1)/n, an upper bound); and
            `best_of_n_failed`, the samples that the model refused. Nothing without a reward model.
        """
        if evaluation.reward is None:
            return {}
        drawn = await asyncio.gather(
            *(self._draw(evaluation, prompt) for prompt in evaluation.prompts)
        )
        answered = [
            (prompt, texts) for prompt, texts in zip(evaluation.prompts, drawn, strict=True)
        ]
        flat = [(prompt, text) for prompt, texts in answered for text in texts]
        failed = self.params.samples * len(answered) - len(flat)
        scored = await asyncio.to_thread(self._score, evaluation, answered, flat)
        rows = [row for n in self.params.n if (row := _row(n, scored))]
        figures = {"policy": {"best_of_n": rows, "best_of_n_failed": failed}}
        return Measurement(figures, list(_curves(rows)))

    async def _draw(self, evaluation: Evaluation, prompt: Prompt) -> list[str]:
        replies = await asyncio.gather(
            *(self._ask(evaluation, prompt, index) for index in range(self.params.samples)),
            return_exceptions=True,
        )
        for reply in replies:
            if isinstance(reply, BaseException) and not isinstance(reply, ModelError):
                raise reply
        return [reply.text for reply in replies if isinstance(reply, ChatReply)]

    async def _ask(self, evaluation: Evaluation, prompt: Prompt, index: int) -> ChatReply:
        seed = int(digest("best-of-n", self.context.seed, prompt.id, index)[:7], 16)
        request = ChatRequest(
            prompt.messages,
            max_tokens=self.params.max_tokens,
            temperature=self.params.temperature,
            top_p=self.params.top_p,
            seed=seed,
        )
        return await evaluation.base.chat(request)

    def _score(
        self,
        evaluation: Evaluation,
        answered: Sequence[tuple[Prompt, list[str]]],
        flat: Sequence[tuple[Prompt, str]],
    ) -> list[Scored]:
        assert evaluation.reward is not None
        rewards = iter(
            evaluation.reward([prompt for prompt, _ in flat], [text for _, text in flat])
        )
        scored = []
        for prompt, texts in answered:
            of_prompt = [next(rewards) for _ in texts]
            truth = [] if evaluation.gold is None else [evaluation.gold(prompt, t) for t in texts]
            known = [item for item in truth if item is not None]
            scored.append((of_prompt, known if len(known) == len(texts) else []))
        return scored


def _curves(rows: Sequence[Mapping[str, float]]) -> Iterator[Metric]:
    """Reward and gold score of the largest n, with the curve from the smallest n on."""
    for name, key, label in (
        ("best_of_n", "reward", "Reward of the best of n"),
        ("best_of_n_gold", "gold", "Gold score of the best of n"),
    ):
        known = [row for row in rows if key in row]
        if known:
            yield Metric(
                name=name,
                value=known[-1][key],
                baseline=known[0][key],
                n=int(known[-1]["prompts"]),
                items="prompts",
                label=label,
                description="Base responses chosen among n by the reward model, without training. "
                "Where the reward rises and the gold score falls, the reward model is exploited.",
                chart="line",
                details={
                    "points": [[math.log2(row["n"]), row[key]] for row in known],
                    "names": [f"{row['n']:g}" for row in known],
                    "x_label": "n, chosen by the reward model",
                },
                heldout=True,
            )


def _row(n: int, scored: Sequence[Scored]) -> dict[str, float]:
    from rlaif_stats.divergence import best_of_n_expectation, best_of_n_kl_bound

    enough = [item for item in scored if len(item[0]) >= n]
    if not enough:
        return {}
    row: dict[str, float] = {"n": n, "prompts": len(enough), "kl_bound": best_of_n_kl_bound(n)}
    rewards = [best_of_n_expectation(rewards, n) for rewards, _ in enough]
    row["reward"] = sum(rewards) / len(rewards)
    gold = [best_of_n_expectation(rewards, n, truth) for rewards, truth in enough if truth]
    if gold:
        row["gold"] = sum(gold) / len(gold)
    return row
