"""Conformance of evaluators."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rlaif_core.api import (
    Abstention,
    Evaluation,
    Evaluator,
    JudgedPair,
    Pair,
    Prompt,
    Verdict,
    Vote,
)
from rlaif_core.metrics.records import recorded
from rlaif_core.testing.conformance import Conformance, run
from rlaif_core.testing.sample import make_evaluation
from rlaif_core.testing.scripted import ScriptedModel


class EvaluatorConformance(Conformance[Evaluator[Any]]):
    """Checks an evaluator."""

    def evaluation(self) -> Evaluation:
        """Inputs of the checks."""
        return make_evaluation()

    async def exercise(self, component: Evaluator[Any]) -> Mapping[str, Mapping[str, Any]]:
        """Its figures for `evaluation`."""
        return recorded(await component.evaluate(self.evaluation()), component.describes)

    def test_its_figures_are_json_by_section(self) -> None:
        """They go into metrics.json as they are; JSON knows neither NaN nor infinity."""
        sections = run(self.exercised())
        assert any(sections.values()), (
            "it measures nothing: override `evaluation` with what it is there for, such as "
            "`make_evaluation(prompts=…)` with the columns that it reads"
        )
        for name, figures in sections.items():
            assert isinstance(figures, Mapping), f"section {name!r} is {figures!r}"
        json.dumps({name: dict(figures) for name, figures in sections.items()}, allow_nan=False)

    def test_what_cannot_be_measured_is_left_out(self) -> None:
        """A judge that abstains, models without log-probabilities, no reward model, no truth."""
        self._evaluates(_knowing_nothing(self.evaluation()))

    def test_without_a_new_policy_there_is_nothing_to_compare(self) -> None:
        """A recipe may end with labels, or with a reward model."""
        self._evaluates(replace(self.evaluation(), after=[]))

    def _evaluates(self, evaluation: Evaluation) -> None:
        async def evaluated() -> Mapping[str, Mapping[str, Any]]:
            async with self.running() as evaluator:
                return recorded(await evaluator.evaluate(evaluation), evaluator.describes)

        for figures in run(evaluated()).values():
            json.dumps(dict(figures), allow_nan=False)


def _knowing_nothing(evaluation: Evaluation) -> Evaluation:
    return Evaluation(
        prompts=evaluation.prompts,
        before=evaluation.before,
        after=evaluation.after,
        base=ScriptedModel("", identity="base"),
        policy=ScriptedModel("", identity="policy"),
        judge=_abstain,
        judged=lambda: (),
        heldout=(),
    )


async def _abstain(items: Sequence[tuple[Prompt, Pair]]) -> list[JudgedPair]:
    vote = Vote("ab", 0, Verdict.abstain(Abstention.FAILED))
    return [JudgedPair(prompt, a, b, (vote,), None, 0.0) for prompt, (a, b) in items]
