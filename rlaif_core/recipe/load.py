"""Read a recipe and check all of it: every problem at once, nothing heavy imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rlaif_core.api import RecipeError
from rlaif_core.recipe import rules, validation
from rlaif_core.recipe.components import Assembly, ComponentError, ComponentSpec
from rlaif_core.recipe.document import Document, DocumentError
from rlaif_core.recipe.overrides import override
from rlaif_core.recipe.parsing import read
from rlaif_core.recipe.places import places
from rlaif_core.recipe.problems import Problem
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.recipe.requirements import unheld_budgets, unmet_needs
from rlaif_core.recipe.sections import RecipeFile
from rlaif_core.recipe.unused import unused_sections
from rlaif_core.recipe.warnings import recipe_warnings
from rlaif_core.registry import Registry

BY_DEFAULT = ("executor", "judge_metrics", "reporters")
"""Sections whose components a recipe has without naming them."""

OPTIONAL = ("judge_metrics", "reporters")
"""Of these, what a run goes without if it is not installed."""


def load_recipe(
    path: str | Path,
    *,
    text: str | None = None,
    overrides: Sequence[str] = (),
    allow_local_code: bool = False,
    purpose: rules.Purpose = "run",
    registry: Registry | None = None,
) -> Recipe:
    """Read, complete and check a recipe.

    Args:
        path: The YAML file.
        text: Its text; read from the file if not given.
        overrides: "path=value" each, as after `--set`.
        allow_local_code: Whether `use: ./file.py:Class` may run.
        purpose: The command it is for, which decides what it must have.
        registry: Where components are looked up; what is installed, if not given.

    Raises:
        RecipeError: With every problem, each `file:line:column: message; the fix`.
    """
    name = str(path)
    document = _open(name, text, overrides)
    try:
        data = document.data
    except DocumentError as error:
        raise _error(error.problems) from error
    problems: list[Problem] = []
    file: RecipeFile | None = None
    try:
        file = RecipeFile.model_validate(data)
    except ValidationError as error:
        problems += validation.problems(error, RecipeFile, document)
    defaults = {name: RecipeFile.model_fields[name].get_default() for name in BY_DEFAULT}
    complete = {**TypeAdapter(Any).dump_python(defaults), **data}
    folder = Path(path).resolve().parent
    registry = registry or Registry.scan()
    assembly = Assembly(document, complete, registry, folder, allow_local_code)
    components: dict[str, ComponentSpec] = {}
    absent: dict[str, str] = {}
    for place in places(complete):
        try:
            components[place.name] = assembly.spec(place)
        except ComponentError as error:
            if place.kind in data or place.kind not in OPTIONAL:
                problems += error.problems
            else:  # a run goes on without the metrics or the report that nobody asked for
                absent[place.name] = error.problems[0].message
    problems += rules.missing_sections(document, data, components, purpose)
    problems += rules.broken_references(document, data)
    problems += rules.misplaced_variables(document, data)
    problems += rules.unasked_models(document, data, components)
    problems += rules.objections(document, data, components)
    problems += rules.broken_gates(document, data, components)
    problems += rules.broken_rewards(document, data, components)
    problems += rules.missing_files(document, data, folder)
    problems += unheld_budgets(document, data, components)
    if rules.is_a_run(data, purpose):
        problems += unmet_needs(document, data, components)
    if problems or file is None:
        raise _error(problems)
    recipe = Recipe(Path(path), file, components, absent=absent)
    warnings = sorted(
        {*recipe_warnings(document, data, recipe), *unused_sections(document, data, purpose)}
    )
    return replace(recipe, warnings=tuple(map(str, warnings)))


def _open(name: str, text: str | None, overrides: Sequence[str]) -> Document:
    try:
        text = Path(name).read_bytes().decode("utf-8-sig") if text is None else text
    except OSError as error:
        raise RecipeError([f"{name}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise RecipeError([f"{name}: not UTF-8 text (byte {error.start + 1})"]) from error
    try:
        document = read(text, name)
    except DocumentError as error:
        raise _error(error.problems) from error
    problems: list[Problem] = []
    for item in overrides:
        try:
            override(document, item)
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise _error(problems)
    return document


def _error(problems: Sequence[Problem]) -> RecipeError:
    return RecipeError([str(problem) for problem in sorted(set(problems))])
