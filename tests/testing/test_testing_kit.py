"""The conformance kit catches what it is there to catch, and is switched on by level."""

import importlib
import random
import subprocess
import sys

import pytest

from rlaif_core.api import (
    Abstention,
    ChatRequest,
    Filter,
    Message,
    ModelError,
    Pairing,
    PairwiseJudge,
    Params,
    PointwiseJudge,
    Response,
    Sampler,
    Score,
    Source,
    Verdict,
)
from rlaif_core.testing import (
    FilterConformance,
    PairingConformance,
    PairwiseJudgeConformance,
    PointwiseJudgeConformance,
    SamplerConformance,
    ScriptedModel,
    SourceConformance,
    make_comparison,
    make_prompt,
    make_responses,
    since,
)
from rlaif_core.testing.conformance import run


def conformance(base, component, **attributes):
    return type("Checks", (base,), {"component": component, **attributes})()


class Guesses(PairwiseJudge):
    """Takes anything for an answer, and tells the model too much."""

    async def compare(self, comparison):
        ids = f"{comparison.first.id}: {comparison.first.text}"
        shown = f"{ids} or {comparison.second.text}"
        reply = await self.model.chat(ChatRequest((Message("user", shown),)))
        return Verdict(0.9 if "first" in reply.text else 0.1)


class TestAJudgeThatGuesses:
    def checks(self):
        def reply(self, request, first_is_better):
            return "first" if first_is_better else "second"

        return conformance(PairwiseJudgeConformance, Guesses, reply=reply)

    def test_passes_what_it_does_right(self):
        self.checks().test_it_prefers_the_better_response_in_either_order()
        self.checks().test_a_model_error_is_left_to_the_engine()

    def test_is_caught_guessing(self):
        with pytest.raises(AssertionError, match="gave Verdict"):
            self.checks().test_a_malformed_reply_is_an_abstention_and_never_a_guess()

    def test_is_caught_at_refusals(self):
        with pytest.raises(AssertionError, match="finish_reason 'refusal'"):
            self.checks().test_a_refusal_is_an_abstention()

    def test_is_caught_showing_ids(self):
        with pytest.raises(AssertionError, match="the model is shown"):
            self.checks().test_the_model_is_shown_no_ids_and_no_names_of_models()


class First(PairwiseJudge):
    """Always prefers what is shown first."""

    async def compare(self, comparison):
        return Verdict(0.9)


def test_a_judge_that_ignores_the_order_is_caught():
    checks = conformance(PairwiseJudgeConformance, First, asks_model=False)
    with pytest.raises(AssertionError, match="where the second is better"):
        checks.test_it_prefers_the_better_response_in_either_order()


class Terse(PairwiseJudge):
    """An honest judge by another standard: fewer words win."""

    async def compare(self, comparison):
        first, second = (
            len(response.text.split()) for response in (comparison.first, comparison.second)
        )
        return Verdict(0.5 if first == second else 0.9 if first < second else 0.1)


def test_a_judge_by_another_standard_is_told_what_to_override():
    checks = conformance(PairwiseJudgeConformance, Terse, asks_model=False)
    with pytest.raises(AssertionError, match=r"overrides `comparisons` with a pair"):
        checks.test_it_prefers_the_better_response_in_either_order()


def test_a_judge_by_another_standard_passes_on_its_own_pair():
    def own(self):
        return [make_comparison("Hi.", "Good day to you.")]

    checks = conformance(PairwiseJudgeConformance, Terse, asks_model=False, comparisons=own)
    checks.test_it_prefers_the_better_response_in_either_order()
    checks.test_settling_answers_every_verdict_and_changes_nothing_twice()


def test_a_judge_is_caught_showing_ids_of_its_own_pair():
    def own(self):
        return [make_comparison("Hi.", "Good day to you.")]

    def reply(self, request, first_is_better):
        return "first" if first_is_better else "second"

    checks = conformance(PairwiseJudgeConformance, Guesses, comparisons=own, reply=reply)
    with pytest.raises(AssertionError, match="the model is shown"):
        checks.test_the_model_is_shown_no_ids_and_no_names_of_models()


class ByColumn(PointwiseJudge):
    """Scores whether a response is the one of the prompt's column."""

    async def score(self, prompt, response, vote=0):
        return Score(float(response.text == prompt.columns["answer"]))


def test_a_judge_of_columns_is_tried_on_a_prompt_of_its_own():
    prompt = make_prompt(answer="4")
    checks = conformance(
        PointwiseJudgeConformance,
        ByColumn,
        asks_model=False,
        prompt=prompt,
        responses=lambda self: tuple(make_responses(prompt, "4", "5")),
    )
    checks.test_the_better_response_scores_higher()


class Consults(PairwiseJudge):
    """Asks the model in the role of the critic."""

    async def compare(self, comparison):
        shown = f"{comparison.first.text}|{comparison.second.text}"
        reply = await self.context.models["critic"].chat(ChatRequest((Message("user", shown),)))
        return {"first": Verdict(0.9), "second": Verdict(0.1)}.get(
            reply.text, Verdict.abstain(Abstention.UNPARSED)
        )


class TestRolesOfItsOwn(PairwiseJudgeConformance):
    component = Consults
    model_roles = ("draft", "critic")

    def reply(self, request, first_is_better):
        return "first" if first_is_better else "second"


class Crowd(Pairing):
    """Needs four responses, and takes sure verdicts only."""

    def propose(self, ranking):
        first, *others = ranking.responses[:4] if len(ranking.responses) > 3 else [None]
        return [] if ranking.judged else [(first, other) for other in others]

    def select(self, ranking):
        return [
            (pair.b, pair.a) for pair in ranking.judged if pair.p_a is not None and pair.p_a < 0.1
        ]


class TestAPairingOfManyResponses(PairingConformance):
    component = Crowd
    sizes = (0, 1, 4, 6)

    def p_first(self, first, second):
        return 0.99 if first.index > second.index else 0.01


def test_a_pairing_of_many_responses_is_told_what_to_override():
    checks = conformance(PairingConformance, Crowd)
    with pytest.raises(AssertionError, match="overrides `sizes`, `responses` or `p_first`"):
        checks.test_it_selects_the_better_response_first()


class Rolls(PairwiseJudge):
    """Draws from the global generator."""

    async def compare(self, comparison):
        return Verdict(random.random())


def test_global_randomness_is_caught():
    checks = conformance(PairwiseJudgeConformance, Rolls, asks_model=False)
    with pytest.raises(AssertionError, match="two runs with one seed differ"):
        checks.test_the_same_seed_gives_the_same_outcome()
    with pytest.raises(AssertionError, match=r"draw from `self\.context\.rng"):
        checks.test_the_global_random_state_is_left_alone()


class Repeats(Pairing):
    """Proposes the same pair for ever, and selects the worse response."""

    def propose(self, ranking):
        return [ranking.responses[:2]] if len(ranking.responses) > 1 else []

    def select(self, ranking):
        return [(ranking.responses[0], ranking.responses[1])] if ranking.judged else []


class Backwards(Pairing):
    """Proposes one pair once, and selects the worse response."""

    def propose(self, ranking):
        return [] if ranking.judged else Repeats.propose(self, ranking)

    select = Repeats.select


def test_a_pair_proposed_twice_is_caught():
    checks = conformance(PairingConformance, Repeats)
    with pytest.raises(AssertionError, match="twice"):
        checks.test_it_proposes_no_response_against_itself_and_no_pair_twice()


def test_a_worse_response_first_is_caught():
    checks = conformance(PairingConformance, Backwards)
    with pytest.raises(AssertionError, match="is better than"):
        checks.test_it_selects_the_better_response_first()
    with pytest.raises(AssertionError, match="from _abstains"):
        checks.test_it_selects_nothing_that_the_judge_left_undecided()


class Loses(Filter):
    """Drops without saying so."""

    def apply(self, preferences):
        kept, dropped = super().apply(preferences)
        return kept[1:], dropped

    def reason(self, preference):
        return None if preference.p_chosen > 0.6 else f"{preference.id} is unsure"


def test_a_lost_preference_and_a_reason_for_one_case_are_caught():
    checks = conformance(FilterConformance, Loses)
    with pytest.raises(AssertionError):
        checks.test_it_keeps_and_drops_without_losing_any()
    with pytest.raises(AssertionError, match="names one case"):
        checks.test_its_reasons_are_short_and_reusable()


class Once(Sampler):
    """Asks the same question twice."""

    async def sample(self, prompt):
        replies = [await self.model.chat(ChatRequest(prompt.messages)) for _ in range(2)]
        return [Response.of(prompt, reply.text) for reply in replies]


def test_a_question_asked_twice_is_caught():
    checks = conformance(SamplerConformance, Once, n=2)
    with pytest.raises(AssertionError, match="two requests are equal"):
        checks.test_it_asks_no_question_twice()
    with pytest.raises(AssertionError, match="number them from 0"):
        checks.test_it_gives_n_responses_to_the_prompt()


class Same(Source):
    """Gives two prompts one id."""

    def prompts(self):
        yield make_prompt()
        yield make_prompt("What is 3 + 3?")


def test_an_id_given_twice_is_caught():
    checks = conformance(SourceConformance, Same)
    with pytest.raises(AssertionError, match="two prompts share an id"):
        checks.test_its_prompts_can_be_asked()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import pandas", "loads pandas"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "must not use the network"),
        ("open('left-behind.txt', 'w')", "must not write"),
    ],
)
def test_an_import_that_does_too_much_is_caught(tmp_path, monkeypatch, body, message):
    (tmp_path / "pandas.py").write_text("")
    (tmp_path / "acme_judge.py").write_text(
        "from rlaif_core.api import PairwiseJudge\n\nclass Acme(PairwiseJudge):\n    'A judge.'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_judge", raising=False)
    acme_judge = importlib.import_module("acme_judge")

    checks = conformance(PairwiseJudgeConformance, acme_judge.Acme)
    checks.test_importing_its_module_loads_nothing_heavy_and_touches_nothing()
    (tmp_path / "acme_judge.py").write_text(body)
    with pytest.raises(AssertionError, match=message):
        checks.test_importing_its_module_loads_nothing_heavy_and_touches_nothing()


class Loose(Params):
    model_config = {"extra": "ignore"}


def test_parameters_that_swallow_a_typo_are_caught():
    judge = type("Judge", (First,), {"Params": Loose})
    checks = conformance(PairwiseJudgeConformance, judge)
    with pytest.raises(AssertionError, match="an unknown parameter must be an error"):
        checks.test_parameters_round_trip_and_have_a_schema()


class Later(PairwiseJudgeConformance):
    component = First
    asks_model = False

    @since(2)
    def test_of_level_two(self):
        raise AssertionError("checked")


def test_a_later_check_is_skipped_until_the_level_is_raised():
    checks = Later()
    with pytest.raises(pytest.skip.Exception, match="set `level = 2`"):
        checks.test_of_level_two()
    checks.level = 2
    with pytest.raises(AssertionError, match="checked"):
        checks.test_of_level_two()


def test_a_scripted_model_says_its_lines_in_turn_and_remembers_the_questions():
    model = ScriptedModel(["one", ModelError("503")])
    judge = First(First.Params())
    request = ChatRequest((Message("user", "Well?"),))
    assert run(model.chat(request)).text == "one"
    with pytest.raises(ModelError, match="503"):
        run(model.chat(request))
    with pytest.raises(AssertionError, match="more often than its script"):
        run(model.chat(request))
    assert model.requests == [request] * 3
    assert run(judge.compare(make_comparison())).p_first == 0.9


def test_the_kit_is_imported_without_pytest():
    program = "import sys, rlaif_core.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
