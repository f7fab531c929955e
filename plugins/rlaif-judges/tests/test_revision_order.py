"""`revision-order`: a revision beats what it revises."""

import asyncio
from dataclasses import replace

import pytest

from rlaif_core.api import Abstention, Comparison, Context
from rlaif_core.testing import PairwiseJudgeConformance, ScriptedModel, make_prompt, make_responses
from rlaif_judges.critique_revise import CritiqueRevise
from rlaif_judges.revision_order import RevisionOrder

PROMPT = make_prompt()
DRAFT, REVISION = make_responses(PROMPT, "Go away.", "It is 4.")


class TestConformance(PairwiseJudgeConformance):
    component = RevisionOrder
    asks_model = False

    def comparisons(self):
        return [Comparison(PROMPT, REVISION, DRAFT)]


def p_first(first, second):
    judge = RevisionOrder(RevisionOrder.Params())
    return asyncio.run(judge.compare(Comparison(PROMPT, first, second))).p_first


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(DRAFT, REVISION, 0.0), (REVISION, DRAFT, 1.0), (DRAFT, DRAFT, 0.5)],
)
def test_the_later_one_is_better_in_either_order(first, second, expected):
    assert p_first(first, second) == expected


def test_an_empty_revision_beats_nothing():
    (empty,) = make_responses(PROMPT, " \n")
    later = replace(empty, index=9)
    judge = RevisionOrder(RevisionOrder.Params())
    for pair in (Comparison(PROMPT, later, DRAFT), Comparison(PROMPT, DRAFT, later)):
        assert asyncio.run(judge.compare(pair)).abstention is Abstention.EMPTY


def test_the_steps_of_a_chain_are_ranked_from_draft_to_last_revision():
    async def sampled():
        sampler = CritiqueRevise(CritiqueRevise.Params(revisions=2))
        model = ScriptedModel(["draft", "critique", "better", "critique", "best"])
        await sampler.setup(Context(0, "secret", {"model": model}))
        return await sampler.sample(PROMPT)

    draft, better, best = asyncio.run(sampled())
    assert (draft.text, better.text, best.text) == ("draft", "better", "best")
    assert p_first(best, better) == p_first(better, draft) == p_first(best, draft) == 1.0
