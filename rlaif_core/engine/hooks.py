"""What each stage does if no hook plugin answers it: ask the component that the recipe names."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from rlaif_core.api.component import Component
from rlaif_core.api.errors import ModelError, PluginError
from rlaif_core.api.evaluator import Evaluation, Evaluator
from rlaif_core.api.executor import Executor
from rlaif_core.api.filter import Filter
from rlaif_core.api.hook import hookimpl
from rlaif_core.api.judge import PairwiseJudge, PointwiseJudge
from rlaif_core.api.optimizer import Optimizer
from rlaif_core.api.pairing import Pair, Pairing, Ranking
from rlaif_core.api.records import (
    Abstention,
    Comparison,
    Drop,
    JudgedPair,
    Preference,
    Prompt,
    Response,
    Score,
    Verdict,
    Vote,
)
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.api.sampler import Sampler
from rlaif_core.api.source import Source
from rlaif_core.api.training import Metrics, TrainingJob
from rlaif_core.engine.judging.pointwise import Scored, scores
from rlaif_core.engine.progress import Progress, is_aside
from rlaif_stats.labels import Pooling, agreement_share, combine

NOTES = 3
"""Prompts without responses that are told one by one."""


class Defaults:
    """The default implementation of every stage hook.

    Args:
        executor: Runs a stage's pieces of work.
        progress: Told of each one finished.
    """

    def __init__(self, executor: Executor, progress: Progress) -> None:
        self._executor = executor
        self._progress = progress
        self._unanswered = 0

    @hookimpl(trylast=True)
    def rlaif_prompts(self, source: Source) -> Sequence[Prompt]:
        """Read the source."""
        return list(source.prompts())

    @hookimpl(trylast=True)
    def rlaif_sample(
        self, prompts: Sequence[Prompt], sampler: Sampler
    ) -> Awaitable[list[Sequence[Response]]]:
        """Ask the sampler for every prompt at once; a prompt whose call fails has no responses."""

        async def sample(prompt: Prompt) -> Sequence[Response]:
            try:
                responses = await sampler.sample(prompt)
            except ModelError as error:
                self._tell(prompt, error)
                responses = []
            self._advance()
            return responses

        return self._executor.map(sample, prompts)

    def _tell(self, prompt: Prompt, error: ModelError) -> None:
        self._unanswered += 1
        if self._unanswered <= NOTES:
            self._progress.note(f"prompt {prompt.id}: no responses: {error}")
        elif self._unanswered == NOTES + 1:
            self._progress.note("more prompts got no responses; they are counted, not listed")

    @hookimpl(trylast=True)
    def rlaif_judge(
        self, comparisons: Sequence[Comparison], judge: Component[Any]
    ) -> Awaitable[list[Verdict]]:
        """Ask the judge for every comparison at once; a failed call is an abstention."""
        if isinstance(judge, PairwiseJudge):
            return self._executor.map(lambda one: self._compare(judge, one), comparisons)
        if isinstance(judge, PointwiseJudge):
            return self._score_all(judge, comparisons)
        raise PluginError(f"{type(judge).__name__} is no judge: derive it from PairwiseJudge")

    async def _compare(self, judge: PairwiseJudge[Any], comparison: Comparison) -> Verdict:
        try:
            verdict = await judge.compare(comparison)
        except ModelError as error:
            verdict = Verdict.abstain(Abstention.FAILED, str(error))
        self._advance()
        return verdict

    def _advance(self, done: int = 1) -> None:
        if not is_aside():
            self._progress.advance(done)

    async def _score_all(
        self, judge: PointwiseJudge[Any], comparisons: Sequence[Comparison]
    ) -> list[Verdict]:
        """Score each response once a vote, then compare scores."""
        wanted: dict[tuple[str, int], Scored] = {}
        for one in comparisons:
            for response in (one.first, one.second):
                wanted.setdefault((response.id, one.vote), (one.prompt, response, one.vote))

        items = list(wanted.values())
        found = dict(zip(wanted, await scores(judge, items, self._executor), strict=True))
        self._advance(len(comparisons))
        return [
            verdict_of_scores(
                found[one.first.id, one.vote], found[one.second.id, one.vote], judge.scale
            )
            for one in comparisons
        ]

    @hookimpl(trylast=True)
    def rlaif_combine(
        self,
        prompt: Prompt,
        pair: Pair,
        verdicts: Sequence[tuple[Comparison, Verdict]],
        pooling: Pooling,
    ) -> JudgedPair:
        """Votes are averaged within an order, orders by `combine` of the judge's section."""
        votes = tuple(Vote(one.order, one.vote, verdict) for one, verdict in verdicts)
        return judged_pair(prompt, pair, votes, pooling)

    @hookimpl(trylast=True)
    def rlaif_pair(self, ranking: Ranking, pairing: Pairing) -> Sequence[Pair]:
        """Ask the pairing."""
        return pairing.select(ranking)

    @hookimpl(trylast=True)
    def rlaif_filter(
        self, preferences: Sequence[Preference], filter: Filter
    ) -> tuple[list[Preference], list[Drop]]:
        """Ask the filter."""
        return filter.apply(preferences)

    @hookimpl(trylast=True)
    def rlaif_reward_model(self, job: TrainingJob, reward_model: RewardModel) -> Metrics:
        """Fit the reward model."""
        return reward_model.fit(job)

    @hookimpl(trylast=True)
    def rlaif_optimize(self, job: TrainingJob, optimizer: Optimizer) -> Metrics:
        """Train the policy."""
        return optimizer.train(job)

    @hookimpl(trylast=True)
    def rlaif_evaluate(
        self, evaluation: Evaluation, evaluator: Evaluator
    ) -> Awaitable[Mapping[str, Mapping[str, Any]]]:
        """Ask the evaluator."""
        return evaluator.evaluate(evaluation)


def verdict_of_scores(first: Score, second: Score, scale: float | None) -> Verdict:
    """The verdict that two scores imply: `sigmoid((first - second) / scale)`.

    Args:
        first: Score of the response shown first.
        second: Score of the other.
        scale: See `PointwiseJudge.scale`; None lets the higher score win outright.
    """
    for score in (first, second):
        if score.abstention is not None:
            return Verdict.abstain(score.abstention, score.detail, score.explanation)
    assert first.value is not None
    assert second.value is not None
    gap = first.value - second.value
    if scale is None:
        p = 0.5 if gap == 0 else float(gap > 0)
    else:
        p = 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, gap / scale))))
    told = [
        f"{place}: {score.value:g} {score.explanation}".rstrip()
        for place, score in (("first", first), ("second", second))
    ]
    return Verdict(p, explanation="\n".join(told))


def judged_pair(
    prompt: Prompt, pair: Pair, votes: Sequence[Vote], pooling: Pooling = "logit"
) -> JudgedPair:
    """Add up one pair's votes; see `stats.labels` for the formulas."""
    by_order: dict[str, list[float]] = {}
    for vote in votes:
        p = vote.p_a
        by_order.setdefault(vote.order, []).append(math.nan if p is None else p)
    longest = max((len(one) for one in by_order.values()), default=0)
    table = [one + [math.nan] * (longest - len(one)) for one in by_order.values()]
    label = float(combine(table, pooling)) if votes else math.nan
    flat = [p for one in by_order.values() for p in one]
    agreement = float(agreement_share(flat)) if flat else 0.0
    p_a = None if math.isnan(label) else label
    return JudgedPair(prompt, pair[0], pair[1], tuple(votes), p_a, agreement)
