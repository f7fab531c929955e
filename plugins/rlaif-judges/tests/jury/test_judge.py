"""`jury` and `cascade`: who is asked, and what they add up to."""

import asyncio
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_core.api import Abstention, ChatReply, Context, ModelError, PluginError, Verdict
from rlaif_core.testing import PairwiseJudgeConformance, ScriptedModel, make_comparison
from rlaif_judges.cascade import Cascade
from rlaif_judges.jury.judge import Jury
from rlaif_judges.jury.pool import Member, pooled


class TestJuryConformance(PairwiseJudgeConformance):
    component = Jury
    roles = ("one", "other", "third")

    def running(self, models=None, seed=0):
        (model,) = (models or self.models()).values()
        return super().running(dict.fromkeys(self.roles, model), seed)

    def reply(self, request, first_is_better):
        return answer("A" if first_is_better else "B")


class TestCascadeConformance(TestJuryConformance):
    component = Cascade
    roles = ("cheap", "strong")


def answer(preference="A", confidence=0.9):
    return json.dumps({"preference": preference, "confidence": confidence})


def judge(component, replies, **params):
    """What the judge says, and how often each model was asked."""
    models = {role: ScriptedModel(reply) for role, reply in replies.items()}

    async def judged():
        one = component(component.Params(**params))
        await one.setup(Context(0, "secret", models))
        return await one.compare(make_comparison())

    return asyncio.run(judged()), {role: len(model.requests) for role, model in models.items()}


def shown(request):
    return request.messages[0].content


def said(verdict):
    return [json.loads(line) for line in verdict.explanation.splitlines()]


THREE = {"one": answer("A", 0.9), "two": answer("A", 0.6), "three": answer("B", 0.8)}


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        ("logit", 1 / (1 + math.exp(-(math.log(9) + math.log(1.5) - math.log(4)) / 3))),
        ("probability", (0.9 + 0.6 + 0.2) / 3),
        ("majority", 2 / 3),
    ],
)
def test_a_jury_adds_up_its_members(combine, expected):
    verdict, asked = judge(Jury, THREE, combine=combine)
    assert verdict.p_first == pytest.approx(expected)
    assert asked == {"one": 1, "two": 1, "three": 1}


def test_log_odds_let_one_good_judge_outweigh_two_weak_ones():
    accuracies = {"one": 0.6, "two": 0.6, "three": 0.9}
    verdict, _ = judge(Jury, THREE, combine="log-odds", accuracies=accuracies)
    # Bayes: right with these accuracies, and independent, .6 * .6 * .1 to .4 * .4 * .9.
    assert verdict.p_first == pytest.approx(0.036 / (0.036 + 0.144))


def test_a_judge_that_is_mostly_wrong_is_evidence_for_the_opposite():
    accuracies = {"one": 0.5, "two": 0.5, "three": 0.1}
    verdict, _ = judge(Jury, THREE, combine="log-odds", accuracies=accuracies)
    assert verdict.p_first == pytest.approx(0.9)


def test_the_explanation_reports_every_member():
    verdict, _ = judge(Jury, {**THREE, "four": "Hm."})
    assert said(verdict) == [
        {"judge": "one", "p_first": 0.9},
        {"judge": "two", "p_first": 0.6},
        {"judge": "three", "p_first": 0.2},
        {"judge": "four", "abstention": "unparsed", "detail": "Hm."},
    ]


def test_a_jury_abstains_only_if_all_do():
    verdict, _ = judge(Jury, {"one": "Hm.", "two": "Ha."})
    assert (verdict.abstention, verdict.detail) == (Abstention.UNPARSED, "Hm.")


def test_a_jurys_verdict_can_be_clamped():
    verdict, _ = judge(Jury, {"one": answer("A", 0.9), "two": answer("A", 0.9)}, clip=0.3)
    assert verdict.p_first == pytest.approx(0.7)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 9)), min_size=1, max_size=5),
    st.sampled_from(["logit", "probability", "majority", "log-odds"]),
)
def test_turning_all_verdicts_round_turns_the_jurys(votes, how):
    def add_up(turned):
        members = [
            Member(str(i), Verdict(1 - p if turned else p), weight)
            for i, (p, weight) in enumerate(votes)
        ]
        return pooled(members, "judge", how).p_first

    assert add_up(turned=False) == pytest.approx(1 - add_up(turned=True), abs=1e-6)


def test_several_judges_may_share_a_model_and_each_ask_it_in_its_own_way():
    """A member says only what it does otherwise than the rest."""
    model = ScriptedModel(lambda request: answer("B" if "brevity" in shown(request) else "A", 0.8))
    params = {
        "temperature": 0.4,
        "members": {
            "strict": {"criteria": [{"name": "brevity", "text": "says it in few words"}]},
            "calm": {"temperature": 0.3},
        },
    }

    async def judged():
        jury = Jury(Jury.Params(**params))
        await jury.setup(Context(0, "secret", dict.fromkeys(["strict", "calm", "plain"], model)))
        return await jury.compare(make_comparison())

    verdict = asyncio.run(judged())
    assert [member["p_first"] for member in said(verdict)] == [
        pytest.approx(p) for p in (0.2, 0.8, 0.8)
    ]
    asked = {("brevity" in shown(request), request.temperature) for request in model.requests}
    assert asked == {(True, 0.4), (False, 0.3), (False, 0.4)}


def test_a_cascades_cheap_judge_may_leave_its_reasons_out():
    members = {"cheap": {"reasoning": False}}
    models = {"cheap": ScriptedModel(answer("tie")), "strong": ScriptedModel(answer("A"))}

    async def judged():
        cascade = Cascade(Cascade.Params(members=members))
        await cascade.setup(Context(0, "secret", models))
        return await cascade.compare(make_comparison())

    asyncio.run(judged())
    cheap, strong = (shown(model.requests[0]) for model in models.values())
    assert '"explanation"' not in cheap
    assert '"explanation"' in strong


@pytest.mark.parametrize(
    ("component", "replies"),
    [(Jury, THREE), (Cascade, {"cheap": answer(), "strong": answer()})],
)
def test_members_are_named_by_their_models_roles(component, replies):
    with pytest.raises(PluginError, match="and `members` names nobody: name roles of `model:`"):
        judge(component, replies, members={"nobody": {"temperature": 0.3}})


def test_only_the_verdict_of_all_is_clamped():
    with pytest.raises(ValueError, match="one: `clip` is for the verdict of all"):
        Jury.Params(clip=0.1, members={"one": {"clip": 0.2}})
    assert Jury.Params(clip=0.1, members={"one": {}}).members["one"].clip == 0.1


def test_a_member_has_no_parameters_that_a_judge_has_not():
    with pytest.raises(ValueError, match=r"members\.one\.temprature"):
        Jury.Params(members={"one": {"temprature": 0.3}})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"combine": "log-odds"}, "go together"),
        ({"accuracies": {"one": 0.9}}, "go together"),
        ({"combine": "log-odds", "accuracies": {"one": 1.0}}, "less than 1"),
    ],
)
def test_accuracies_belong_to_log_odds(params, message):
    with pytest.raises(ValueError, match=message):
        Jury.Params(**params)


def test_accuracies_name_every_model():
    with pytest.raises(PluginError, match="has the models one, two, three, and `accuracies`"):
        judge(Jury, THREE, combine="log-odds", accuracies={"one": 0.9})


def test_a_jury_of_one_is_refused():
    with pytest.raises(PluginError, match="two models or more"):
        judge(Jury, {"model": answer()})


@pytest.mark.parametrize(
    ("cheap", "strong_is_asked"),
    [
        (answer("A", 0.9), False),
        (answer("B", 0.7), False),
        (answer("A", 0.69), True),
        (answer("tie", 0.9), True),
        ("Hm.", True),
        (lambda request: ChatReply("I won't.", "refusal"), True),
    ],
)
def test_the_strong_judge_decides_where_the_cheap_one_is_unsure(cheap, strong_is_asked):
    verdict, asked = judge(Cascade, {"cheap": cheap, "strong": answer("B", 0.8)}, threshold=0.199)
    assert asked["strong"] == strong_is_asked
    assert [member["judge"] for member in said(verdict)] == ["cheap", "strong"][
        : 1 + strong_is_asked
    ]
    if strong_is_asked:
        assert verdict.p_first == pytest.approx(0.2)


def test_clamping_makes_the_cheap_judge_no_less_sure():
    replies = {"cheap": answer("A", 0.9), "strong": answer("B")}
    verdict, asked = judge(Cascade, replies, clip=0.4)
    assert verdict.p_first == pytest.approx(0.6)
    assert asked["strong"] == 0


def test_if_the_strong_judge_abstains_the_cheap_ones_doubt_is_no_verdict():
    verdict, _ = judge(Cascade, {"cheap": answer("A", 0.6), "strong": "Hm."})
    assert verdict.abstention is Abstention.UNPARSED
    assert said(verdict)[0]["p_first"] == 0.6


def test_a_failed_call_is_left_to_the_engine():
    def down(request):
        return ModelError("down")

    with pytest.raises(ModelError, match="down"):
        judge(Jury, {"one": answer(), "two": down})
    with pytest.raises(ModelError, match="down"):
        judge(Cascade, {"cheap": down, "strong": answer()})


@pytest.mark.parametrize("roles", [("model",), ("cheap", "dear"), ("cheap", "strong", "other")])
def test_a_cascade_has_its_two_roles(roles):
    with pytest.raises(PluginError, match=r"cheap: \.\.\., strong: \.\.\."):
        judge(Cascade, dict.fromkeys(roles, answer()))
