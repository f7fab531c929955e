"""Sections that a command passes over are a warning."""

from __future__ import annotations

from tests.recipe.conftest import Load

RUN = """
api: 1
judge: {use: "./parts.py:Tie"}
prompts: {train: {use: "./parts.py:Prompts"}}
sampler: {use: "./parts.py:Answers"}
rounds: {n: 2}
"""


def test_judge_names_the_sections_of_a_run_in_one_line(load: Load) -> None:
    (warning,) = [line for line in load(RUN).warnings if "does not use" in line]
    assert warning.endswith("`rlaif judge` does not use prompts, sampler, rounds")
    assert warning.startswith("recipe.yaml:4:1: ")


def test_a_recipe_for_judge_alone_has_no_such_warning(load: Load) -> None:
    text = 'api: 1\njudge: {use: "./parts.py:Tie"}\nfilters: []\n'
    assert not [line for line in load(text).warnings if "does not use" in line]
