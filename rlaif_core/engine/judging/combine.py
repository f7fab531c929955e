"""From the votes on a pair to its label: pooling, temperature, settlement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import pluggy

from rlaif_core.api.component import Component
from rlaif_core.api.judge import PairwiseJudge
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import Comparison, JudgedPair, Prompt, Verdict
from rlaif_core.engine.judging.expand import shown_of
from rlaif_core.recipe.sections import JudgeSection
from rlaif_stats.calibration import apply_temperature

Asked = tuple[Comparison, Verdict]


class Combination:
    """Labels of one judge section.

    Attributes:
        temperature: Divides the labels' log-odds, once it has been fitted on anchors.
    """

    def __init__(self, section: JudgeSection, hooks: pluggy.HookRelay) -> None:
        self._pooling = section.combine
        self._hooks = hooks
        self.temperature = 1.0

    def label(
        self, prompt: Prompt, pair: Pair, asked: Sequence[Asked], *, tempered: bool = True
    ) -> JudgedPair:
        """A pair with its label.

        Args:
            prompt: The prompt.
            pair: The two responses, A first.
            asked: The comparisons asked, with their verdicts.
            tempered: Whether the temperature applies: not to a gate's decision.
        """
        judged: JudgedPair = self._hooks.rlaif_combine(
            prompt=prompt, pair=pair, verdicts=asked, pooling=self._pooling
        )
        if judged.p_a is None or self.temperature == 1.0 or not tempered:
            return judged
        return replace(judged, p_a=float(apply_temperature(judged.p_a, self.temperature)))

    def settle(
        self, judge: Component[Any], judged: Iterable[JudgedPair]
    ) -> tuple[list[JudgedPair], Mapping[str, Any]] | None:
        """Let a judge look at all its verdicts together.

        Returns:
            The pairs with their new labels, and what the judge learned on the way; None for a
            judge that does not settle.
        """
        if not isinstance(judge, PairwiseJudge) or type(judge).settle is PairwiseJudge.settle:
            return None
        pairs = list(judged)
        shown = [comparison for pair in pairs for comparison in shown_of(pair)]
        settlement = judge.settle(shown, [vote.verdict for pair in pairs for vote in pair.votes])
        asked: Iterator[Asked] = iter(zip(shown, settlement.verdicts, strict=True))
        settled = [
            self.label(pair.prompt, (pair.a, pair.b), list(islice(asked, len(pair.votes))))
            for pair in pairs
        ]
        return settled, settlement.figures
