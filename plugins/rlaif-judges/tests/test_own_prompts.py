"""Every prompt that a model is sent stands in a file, and a recipe may name another."""

import asyncio

import pytest

from rlaif_core.api import Context
from rlaif_core.testing import ScriptedModel, make_comparison
from rlaif_judges.cascade import Cascade
from rlaif_judges.constitutional import Constitutional
from rlaif_judges.critique_revise import CritiqueRevise
from rlaif_judges.debate.judge import Debate
from rlaif_judges.jury import Jury
from rlaif_judges.meta.judge import Meta
from rlaif_judges.pairwise import Pairwise
from rlaif_judges.score import DirectScore
from rlaif_judges.self_rewarding import SelfRewarding

COMPARED = "{{ prompt }} {{ first }} {{ second }}"
SCORED = "{{ prompt }} {{ response }}"
PROMPTS = [
    (Pairwise, "prompt", COMPARED),
    (Constitutional, "prompt", COMPARED + "{{ principle }}"),
    (Jury, "prompt", COMPARED),
    (Cascade, "prompt", COMPARED),
    (Meta, "prompt", COMPARED),
    (Debate, "speech_prompt", "{{ prompt }} {{ own }} {{ other }} {{ transcript }}"),
    (Debate, "verdict_prompt", COMPARED + "{{ transcript }}"),
    (DirectScore, "prompt", SCORED),
    (SelfRewarding, "prompt", SCORED),
    (CritiqueRevise, "critique_prompt", SCORED + "{{ request }}"),
    (CritiqueRevise, "revision_prompt", SCORED + "{{ request }} {{ critique }}"),
]
ROLES = {Jury: ("one", "other"), Cascade: ("cheap", "strong")}


async def use(component):
    """Have it ask what it asks about one prompt."""
    pair = make_comparison()
    if isinstance(component, CritiqueRevise):
        await component.sample(pair.prompt)
    elif isinstance(component, DirectScore | SelfRewarding):
        await component.score(pair.prompt, pair.first)
    else:
        await component.compare(pair)


@pytest.mark.parametrize(
    ("kind", "field", "text"),
    PROMPTS,
    ids=[f"{kind.__name__}-{field}" for kind, field, _ in PROMPTS],
)
def test_a_recipe_may_name_another_prompt_file(kind, field, text, tmp_path):
    file = tmp_path / "mine.jinja"
    file.write_text(f"In my own words. {{{{ fence }}}} {text}")
    model = ScriptedModel("Hm.")

    async def asked():
        component = kind(kind.Params(**{field: str(file)}))
        models = dict.fromkeys(ROLES.get(kind, ("model",)), model)
        await component.setup(Context(0, "secret", models))
        await use(component)

    asyncio.run(asked())
    assert any(r.messages[0].content.startswith("In my own words.") for r in model.requests)


def test_every_parameter_that_names_a_prompt_is_tried():
    """A component that gains a prompt gains a line above."""
    kinds = {kind for kind, *_ in PROMPTS}
    fields = {
        (kind, name) for kind in kinds for name in kind.Params.model_fields if "prompt" in name
    }
    assert fields == {(kind, field) for kind, field, _ in PROMPTS}
