"""Read a recipe and check all of it: every problem at once, nothing heavy imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from rlaif_core.api import RecipeError
from rlaif_core.recipe import rules, secrets, validation
from rlaif_core.recipe.document import Document, DocumentError, dotted, read
from rlaif_core.recipe.overrides import override
from rlaif_core.recipe.parts import Part, PartError, part
from rlaif_core.recipe.problems import Position, Problem
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.recipe.sections import RecipeFile
from rlaif_core.recipe.slots import slots, value_at
from rlaif_core.registry import Registry


def load_recipe(
    path: str | Path,
    *,
    overrides: Sequence[str] = (),
    allow_local_code: bool = False,
    purpose: rules.Purpose = "run",
    registry: Registry | None = None,
) -> Recipe:
    """Read, complete and check a recipe.

    Args:
        path: The YAML file.
        overrides: "path=value" each, as after `--set`.
        allow_local_code: Whether `use: ./file.py:Class` may run.
        purpose: The command it is for, which decides what it must have.
        registry: Where components are looked up; what is installed, if not given.

    Raises:
        RecipeError: With every problem, each `file:line:column: what; the mend`.
    """
    name = str(path)
    document = _open(name, overrides)
    try:
        data = document.data
    except DocumentError as error:
        raise _error(error.problems) from error
    registry = registry or Registry.scan()
    folder = Path(path).resolve().parent
    problems: list[Problem] = []
    parts: dict[str, Part] = {}
    file: RecipeFile | None = None
    try:
        file = RecipeFile.model_validate(data)
    except ValidationError as error:
        problems += validation.problems(error, RecipeFile, document)
    complete = {"executor": {"use": "local"}, **data}
    component_paths = []
    for slot in slots(complete):
        component_paths.append((*slot.path, "params"))
        try:
            parts[slot.place] = part(
                slot, document, complete, registry, folder, allow_local_code=allow_local_code
            )
        except PartError as error:
            problems += error.problems
    for place in secrets.variables(data):
        if not any(place[: len(one)] == one for one in component_paths):
            what = f"{dotted(place)}: {secrets.misplaced(value_at(data, place))}"
            problems.append(Problem(document.position(place), what))
    problems += rules.missing_sections(document, data, purpose)
    problems += rules.broken_references(document, data)
    problems += rules.unasked_models(document, data, parts)
    problems += rules.objections(document, data, parts)
    if problems or file is None:
        raise _error(problems)
    return Recipe(Path(path), file, parts)


def _open(name: str, overrides: Sequence[str]) -> Document:
    try:
        text = Path(name).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise RecipeError([f"{name}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise RecipeError([f"{name}: not UTF-8 text (byte {error.start + 1})"]) from error
    try:
        document = read(text, name)
    except DocumentError as error:
        raise _error(error.problems) from error
    problems: list[Problem] = []
    for one in overrides:
        try:
            override(document, one)
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise _error(problems)
    return document


def _error(problems: Sequence[Problem]) -> RecipeError:
    return RecipeError([str(one) for one in sorted(set(problems))] or [str(Position())])
