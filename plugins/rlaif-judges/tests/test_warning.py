"""What judges say of a recipe that is allowed but likely a mistake."""

import pytest

from rlaif_core.api import JudgeFacts
from rlaif_judges.cascade import Cascade
from rlaif_judges.constitutional import Constitutional
from rlaif_judges.debate.judge import Debate
from rlaif_judges.jury.judge import Jury
from rlaif_judges.meta.judge import Meta
from rlaif_judges.pairwise import Pairwise
from rlaif_judges.recorded import Recorded
from rlaif_judges.score import DirectScore
from rlaif_judges.self_rewarding import SelfRewarding

VOTING = [Cascade, Constitutional, Debate, DirectScore, Jury, Meta, Pairwise]


def warning(component, votes, **params):
    return component(component.Params(**params)).warning(
        JudgeFacts("strict", component.kind, 2 * votes, votes)
    )


@pytest.mark.parametrize("component", VOTING)
@pytest.mark.parametrize(
    ("temperature", "what"),
    [(0.0, "repeat each other"), (0.29, "repeat each other"), (1.0, "diff")],
)
def test_several_votes_want_a_temperature_that_suits_them(component, temperature, what):
    told = warning(component, 3, temperature=temperature)
    assert what in told
    assert told.startswith(f"3 votes at temperature {temperature:g}")
    assert "between 0.3 and 0.7" in told
    assert "\n" not in told


@pytest.mark.parametrize("component", VOTING)
@pytest.mark.parametrize("temperature", [0.3, 0.5, 0.7])
def test_a_temperature_between_is_no_matter(component, temperature):
    assert warning(component, 5, temperature=temperature) is None


@pytest.mark.parametrize("component", VOTING)
def test_one_vote_may_have_any_temperature_and_the_default_suits_several(component):
    assert warning(component, 1, temperature=0.0) is None
    assert warning(component, 1, temperature=1.5) is None
    assert warning(component, 9) is None


@pytest.mark.parametrize("component", [Cascade, Jury])
def test_every_members_votes_want_a_temperature_that_suits_them(component):
    told = warning(component, 3, members={"one": {"temperature": 1.0}, "other": {}})
    assert told.startswith("3 votes at temperature 1 mostly differ")


def test_samples_of_a_score_want_a_temperature():
    assert "temperature 0" in warning(SelfRewarding, 1, temperature=0)
    assert warning(SelfRewarding, 1, temperature=0, samples=1) is None
    assert warning(SelfRewarding, 1) is None


def test_a_replay_has_no_temperature(tmp_path):
    assert warning(Recorded, 3, file=str(tmp_path)) is None


@pytest.mark.parametrize("component", [SelfRewarding, Meta])
def test_who_is_meant_to_judge_itself_says_so(component):
    assert component.judges_itself


def test_nobody_else_is():
    assert not any(
        component.judges_itself for component in (*VOTING, Recorded) if component is not Meta
    )


CRITERIA = [{"name": "brevity", "text": "says it in few words"}]
EXAMPLES = [{"prompt": "p", "first": "a", "second": "b", "better": "A"}]


@pytest.mark.parametrize("component", [Cascade, Jury, Pairwise])
def test_criteria_and_examples_want_a_template_that_shows_them(component, tmp_path):
    template = tmp_path / "own.jinja"
    template.write_text("{{ fence }} {{ prompt }} {{ first }} {{ second }}")
    given = {"prompt": str(template), "criteria": CRITERIA, "examples": EXAMPLES}
    told = warning(component, 1, **given)
    assert told.startswith(f"{template} never uses `criteria` or `examples`, so what is set there")
    assert "3 votes" in warning(component, 3, temperature=0.0, **given)
    filled = component.Params(prompt=str(template)).model_dump()  # as `recipe fill` writes it
    assert warning(component, 1, **filled) is None
    template.write_text(
        "{% for criterion in criteria %}{{ criterion.name }}{% endfor %}{{ examples }}"
    )
    assert warning(component, 1, **given) is None


def test_a_score_by_criteria_wants_them_in_its_template(tmp_path):
    template = tmp_path / "own.jinja"
    template.write_text("{{ prompt }} {{ response }}")
    told = warning(DirectScore, 1, prompt=str(template), criteria=CRITERIA)
    assert "never uses `criteria`, so" in told
    assert warning(DirectScore, 1, prompt=str(template)) is None


@pytest.mark.parametrize("component", [Pairwise, Meta, DirectScore])
def test_the_templates_that_come_with_a_judge_show_its_criteria(component):
    path = component.Params().prompt
    assert warning(component, 1, criteria=CRITERIA, prompt=path) is None
