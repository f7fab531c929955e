"""The judge `revision-order`: the later step of `critique-revise` is the better one, by rule.

It makes pairs and demonstrations of revisions without another model call: a draft is rejected for
what it was revised into. That a revision is better is what the critique was for, and nobody checks
it: any other judge does. All that is seen is whether it says anything.
"""

from __future__ import annotations

from rlaif_core.api import Abstention, Comparison, PairwiseJudge, Params, Verdict


class RevisionOrder(PairwiseJudge[Params]):
    """Prefers whichever response came later: the revision over what it revises."""

    async def compare(self, comparison: Comparison) -> Verdict:
        """1 if the response shown first is the later one, 0 if it is the earlier one.

        A revision that came out empty is an abstention: nobody should learn to say nothing.
        """
        first, second = comparison.first, comparison.second
        later = max(first, second, key=lambda response: response.index)
        if not later.text.strip():
            return Verdict.abstain(Abstention.EMPTY, "the later response says nothing")
        return Verdict(0.5 if first.index == second.index else float(later is first))
