"""Every prompt that a model is sent stands in a file, and a recipe may name another."""

import asyncio
from importlib.metadata import distribution
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import rlaif_judges
from rlaif_core.api import ChatReply, Context, PairwiseJudge, PointwiseJudge, Sampler, Source
from rlaif_core.recipe.load import load_recipe
from rlaif_core.testing import ScriptedModel, make_comparison

MINE = "In my own words."
COMPARED = "{{ prompt }} {{ first }} {{ second }}"
SCORED = "{{ prompt }} {{ response }}"
ARGUED = "{{ prompt }} {{ own }} {{ other }} {{ transcript }}"
ANSWER = "Say {{ options }}."
PROMPTS = {
    ("cascade", "answer_prompt"): ANSWER,
    ("cascade", "prompt"): COMPARED,
    ("constitutional", "answer_prompt"): ANSWER,
    ("constitutional", "prompt"): COMPARED + "{{ principle }}",
    ("critique-revise", "critique_prompt"): SCORED + "{{ request }}",
    ("critique-revise", "revision_prompt"): SCORED + "{{ request }} {{ critique }}",
    ("debate", "answer_prompt"): ANSWER,
    ("debate", "speech_prompt"): ARGUED,
    ("debate", "verdict_prompt"): "{{ prompt }} {{ transcript }}",
    ("judging-prompts", "prompt"): SCORED,
    ("jury", "answer_prompt"): ANSWER,
    ("jury", "prompt"): COMPARED,
    ("meta", "answer_prompt"): ANSWER,
    ("meta", "prompt"): COMPARED,
    ("pairwise", "answer_prompt"): ANSWER,
    ("pairwise", "prompt"): COMPARED,
    ("score", "prompt"): SCORED,
    ("self-rewarding", "prompt"): SCORED,
}
ROLES = {"jury": ("one", "other"), "cascade": ("cheap", "strong")}
ENTRIES = {
    entry_point.name: entry_point
    for entry_point in distribution("rlaif-judges").entry_points
    if entry_point.group.startswith("rlaif.v1.") and entry_point.group != "rlaif.v1.commands"
}


def prompts_of(name):
    """The parameters of a component that name a prompt's file."""
    fields = ENTRIES[name].load().Params.model_fields.items()
    return {(name, field) for field, info in fields if str(info.default).endswith(".jinja")}


def of_recipe(folder, name, field):
    """The component as a recipe in `folder` has it, with a prompt of its own beside the recipe."""
    recipe = {
        "api": 1,
        "policy": {"use": "./toy.py:Policy"},
        "prompts": {"train": {"use": "jsonl", "params": {"file": "./prompts.jsonl"}}},
        "sampler": {"use": "sweep"},
        "judge": {"use": "pairwise", "model": "policy"},
        "pairing": {"use": "all"},
    }
    section = {"use": name, "params": {field: "./mine.jinja"}}
    kind = ENTRIES[name].group.removeprefix("rlaif.v1.").removesuffix("s")
    place = "prompts.train" if kind == "source" else kind
    if kind == "source":
        section["params"]["preferences"] = "./preferences.parquet"
        recipe["prompts"]["train"] = section
    else:
        roles = ROLES.get(name)
        recipe[kind] = section | {"model": dict.fromkeys(roles, "policy") if roles else "policy"}
    (folder / "prompts.jsonl").write_text('{"prompt": "Hi?"}\n')
    (folder / "toy.py").write_text(Path(__file__).with_name("toy.py").read_text())
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return load_recipe(folder / "recipe.yaml", allow_local_code=True).build(place)


def preferences(folder):
    """One row of what a round prefers."""
    row = {
        "prompt": [{"role": "user", "content": "Hi?"}],
        "prompt_id": "p",
        "chosen": [{"role": "assistant", "content": "Hi."}],
        "rejected": [{"role": "assistant", "content": "No."}],
    }
    pq.write_table(pa.Table.from_pylist([row]), folder / "preferences.parquet")


async def use(component):
    """Have it ask what it asks about one prompt."""
    pair = make_comparison()
    if isinstance(component, Sampler):
        await component.sample(pair.prompt)
    elif isinstance(component, PointwiseJudge):
        await component.score(pair.prompt, pair.first)
    elif isinstance(component, PairwiseJudge):
        await component.compare(pair)


@pytest.mark.parametrize(("name", "field"), PROMPTS, ids=lambda value: value)
def test_a_recipe_may_name_another_prompt_file(name, field, tmp_path):
    fence = "" if field == "answer_prompt" else "{{ fence }} "
    (tmp_path / "mine.jinja").write_text(f"{MINE} {fence}{PROMPTS[name, field]}")
    preferences(tmp_path)
    component = of_recipe(tmp_path, name, field)
    model = ScriptedModel(
        lambda request: ChatReply(option_logprobs=(-1.0, -1.0)) if request.options else "Hm.",
        ["options"] if field == "answer_prompt" else [],
    )

    async def asked():
        models = dict.fromkeys(ROLES.get(name, ["model"]), model)
        await component.setup(Context(0, "secret", models))
        if isinstance(component, Source):
            return [prompt.text for prompt in component.prompts()]
        await use(component)
        return [request.messages[-1].content for request in model.requests]

    assert any(text.startswith(MINE) for text in asyncio.run(asked()))


def test_every_parameter_that_names_a_prompt_is_tried():
    """A component that gains a prompt gains a line above."""
    assert set().union(*map(prompts_of, ENTRIES)) == set(PROMPTS)


def test_every_prompt_file_that_is_shipped_is_some_parameters_default():
    defaults = {ENTRIES[name].load().Params.model_fields[field].default for name, field in PROMPTS}
    shipped = Path(rlaif_judges.__file__).parent.joinpath("prompts").glob("*")
    assert defaults == {f"rlaif_judges:prompts/{path.name}" for path in shipped}
