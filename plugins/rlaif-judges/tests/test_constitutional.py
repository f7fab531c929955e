"""`constitutional`: which principle judges, and what several add up to."""

import asyncio
import json
import math
from collections import Counter

import pytest
from scipy.stats import chisquare

from rlaif_core.api import Abstention, ChatReply, Context, ModelError
from rlaif_core.testing import ScriptedModel, make_comparison
from rlaif_judges.constitutional import Constitutional

CONSTITUTION = """
principles:
- {id: brief, principle: brief}
- {id: true, principle: true to the facts}
- {id: kind, principle: kind, weight: 2}
""".replace("id: true", 'id: "true"')


@pytest.fixture
def constitution(tmp_path):
    file = tmp_path / "constitution.yaml"
    file.write_text(CONSTITUTION)
    return str(file)


def judge(comparisons, model, seed=0, **params):
    async def judged():
        component = Constitutional(Constitutional.Params(**params))
        await component.setup(Context(seed, "secret", {"model": model}))
        return [await component.compare(comparison) for comparison in comparisons]

    return asyncio.run(judged())


def by_principle(**p_first):
    """A model that prefers the first response with these probabilities, by principle."""

    def reply(request):
        if not request.options:
            return "Hm."
        question = request.messages[0].content
        p = next(p for word, p in p_first.items() if f"that is more {word}." in question)
        return ChatReply(option_logprobs=(math.log(p), math.log(1 - p)))

    return ScriptedModel(reply, ("options", "prefix"))


def said(verdict):
    return [json.loads(line) for line in verdict.explanation.splitlines()]


FLAT = {"brief": 0.5, "true to the facts": 0.5, "kind": 0.5}


def test_one_principle_is_asked_for_and_named(constitution):
    model = by_principle(**FLAT)
    (verdict,) = judge([make_comparison()], model, constitution=constitution)
    ((one),) = said(verdict)
    assert one["principle"] in ("brief", "true", "kind")
    assert one["explanation"] == "Hm."
    assert len(model.requests) == 2


def test_both_orders_are_judged_by_the_same_principle(constitution):
    pairs = [make_comparison(first=f"It is {i}.") for i in range(20)]
    shown = [comparison for pair in pairs for comparison in (pair, pair.swapped)]
    told = [
        said(verdict)[0]["principle"]
        for verdict in judge(shown, by_principle(**FLAT), constitution=constitution)
    ]
    assert told[::2] == told[1::2]
    assert len(set(told)) == 3


def test_votes_draw_their_own_principles(constitution):
    votes = [make_comparison(vote=vote) for vote in range(20)]
    verdicts = judge(votes, by_principle(**FLAT), constitution=constitution)
    assert len({said(verdict)[0]["principle"] for verdict in verdicts}) == 3


def test_principles_are_drawn_by_their_weights(constitution):
    pairs = [make_comparison(first=f"It is {i}.") for i in range(800)]
    verdicts = judge(pairs, by_principle(**FLAT), constitution=constitution, reasoning=False)
    drawn = Counter(said(verdict)[0]["principle"] for verdict in verdicts)
    assert chisquare([drawn["brief"], drawn["true"], drawn["kind"]], [200, 200, 400]).pvalue > 0.01


def test_all_principles_are_averaged_as_log_odds_by_weight(constitution):
    model = by_principle(**{"brief": 0.9, "true to the facts": 0.5, "kind": 0.2})
    (verdict,) = judge([make_comparison()], model, constitution=constitution, principles="all")
    logit = (math.log(0.9 / 0.1) + 0 + 2 * math.log(0.2 / 0.8)) / 4
    assert verdict.p_first == pytest.approx(1 / (1 + math.exp(-logit)))
    assert [(vote["principle"], vote["p_first"]) for vote in said(verdict)] == [
        ("brief", 0.9),
        ("true", 0.5),
        ("kind", 0.2),
    ]


def test_a_principle_that_abstains_leaves_the_others(constitution):
    def reply(request):
        if "more kind" in request.messages[0].content:
            return ChatReply("I won't.", "refusal")
        return '{"preference": "A", "confidence": 0.8}'

    model = ScriptedModel(reply)
    (verdict,) = judge([make_comparison()], model, constitution=constitution, principles="all")
    assert verdict.p_first == pytest.approx(0.8)
    assert verdict.confidence == pytest.approx(0.8)
    assert said(verdict)[2] == {"principle": "kind", "abstention": "refused", "detail": "I won't."}


def test_if_every_principle_abstains_so_does_the_judge(constitution):
    (verdict,) = judge(
        [make_comparison()], ScriptedModel("Hm."), constitution=constitution, principles="all"
    )
    assert verdict.abstention is Abstention.UNPARSED
    assert len(said(verdict)) == 3


def test_a_failed_call_is_left_to_the_engine(constitution):
    model = ScriptedModel(lambda request: ModelError("down"))
    with pytest.raises(ModelError, match="down"):
        judge([make_comparison()], model, constitution=constitution, principles="all")


@pytest.mark.parametrize(("p", "expected"), [(0.9, 0.6), (0.45, 0.45), (0.01, 0.4)])
def test_the_verdict_can_be_clamped(constitution, p, expected):
    sure = by_principle(**dict.fromkeys(FLAT, p))
    (verdict,) = judge([make_comparison()], sure, constitution=constitution, clip=0.4)
    assert verdict.p_first == pytest.approx(expected)
    assert said(verdict)[0]["p_first"] == p


def test_clamping_all_principles_clamps_their_average_and_not_each(constitution):
    model = by_principle(**{"brief": 0.9, "true to the facts": 0.9, "kind": 0.45})
    (verdict,) = judge(
        [make_comparison()], model, constitution=constitution, principles="all", clip=0.3
    )
    assert verdict.p_first == pytest.approx(0.7)
