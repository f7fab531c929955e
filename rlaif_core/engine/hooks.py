"""Default hook implementations: each calls the component that the recipe names."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any

import pluggy

from rlaif_core import hookspecs
from rlaif_core.api.component import Component
from rlaif_core.api.errors import ModelError, PluginError
from rlaif_core.api.evaluator import Evaluation, Evaluator
from rlaif_core.api.executor import Executor
from rlaif_core.api.filter import Filter
from rlaif_core.api.hook import hookimpl
from rlaif_core.api.judge import PairwiseJudge, PointwiseJudge
from rlaif_core.api.metric import Measured, Measurement
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
    Verdict,
    Vote,
)
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.api.sampler import Sampler
from rlaif_core.api.source import Source
from rlaif_core.api.training import Metrics, TrainingJob
from rlaif_core.engine.judging.pointwise import Scored, scores, verdict_of_scores
from rlaif_core.engine.judging.preferences import judged_pair
from rlaif_core.engine.progress import Progress, is_without_progress
from rlaif_stats.labels import Pooling

NOTES = 3
"""Prompts without responses that are told one by one."""


class StageHooks:
    """Default implementation of every stage hook.

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
            return self._executor.map(
                lambda comparison: self._compare(judge, comparison), comparisons
            )
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
        if not is_without_progress():
            self._progress.advance(done)

    async def _score_all(
        self, judge: PointwiseJudge[Any], comparisons: Sequence[Comparison]
    ) -> list[Verdict]:
        """Score each response once a vote, then compare scores."""
        wanted: dict[tuple[str, int], Scored] = {}
        for shown in comparisons:
            for response in (shown.first, shown.second):
                wanted.setdefault((response.id, shown.vote), (shown.prompt, response, shown.vote))

        items = list(wanted.values())
        by_response = dict(zip(wanted, await scores(judge, items, self._executor), strict=True))
        self._advance(len(comparisons))
        return [
            verdict_of_scores(
                by_response[shown.first.id, shown.vote],
                by_response[shown.second.id, shown.vote],
                judge.scale,
            )
            for shown in comparisons
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
        votes = tuple(Vote(shown.order, shown.vote, verdict) for shown, verdict in verdicts)
        return judged_pair(prompt, pair, votes, pooling)

    @hookimpl(trylast=True)
    def rlaif_pair(self, ranking: Ranking, pairing: Pairing) -> Sequence[Pair]:
        """Ask the pairing."""
        return pairing.select(ranking)

    @hookimpl(trylast=True)
    def rlaif_filter(
        self, preferences: Sequence[Preference], preference_filter: Filter
    ) -> tuple[list[Preference], list[Drop]]:
        """Ask the filter."""
        return preference_filter.apply(preferences)

    @hookimpl(trylast=True)
    def rlaif_reward_model(self, job: TrainingJob, reward_model: RewardModel) -> Metrics:
        """Fit the reward model."""
        return reward_model.fit(job)

    @hookimpl(trylast=True)
    def rlaif_optimize(self, job: TrainingJob, optimizer: Optimizer) -> Metrics | Measurement:
        """Train the policy."""
        return optimizer.train(job)

    @hookimpl(trylast=True)
    def rlaif_evaluate(self, evaluation: Evaluation, evaluator: Evaluator) -> Awaitable[Measured]:
        """Ask the evaluator."""
        return evaluator.evaluate(evaluation)


def hook_manager(plugins: Sequence[Component[Any]]) -> pluggy.PluginManager:
    """A plugin manager with our hook specifications and the recipe's hook plugins.

    Raises:
        PluginError: If a plugin implements a hook that does not exist.
    """
    manager = pluggy.PluginManager("rlaif")
    manager.add_hookspecs(hookspecs.Stages)
    manager.add_hookspecs(hookspecs.LifeCycle)
    for plugin in plugins:
        manager.register(plugin)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"{type(error.plugin).__name__}: {error}") from error
    return manager
