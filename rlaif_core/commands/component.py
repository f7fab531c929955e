"""A component by name and settings, for commands that use one without a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rlaif_core.api.component import Component
from rlaif_core.api.errors import RecipeError
from rlaif_core.recipe.document import DocumentError
from rlaif_core.recipe.overrides import override
from rlaif_core.recipe.parsing import read
from rlaif_core.recipe.validation import problems
from rlaif_core.registry import Registry, noun


def build(
    kind: str, use: str, settings: Sequence[str] = (), *, allow_local_code: bool = False
) -> Component[Any]:
    """The component of a kind that is installed by this name, not set up.

    Args:
        kind: Such as "reward_models".
        use: What a recipe says after `use:`; local code is relative to the working directory.
        settings: Its parameters, "key=value" each, as after `--set`.
        allow_local_code: Whether `use` may be "./file.py:Class".

    Raises:
        PluginError: If there is no such component, or it is broken.
        RecipeError: If a setting is wrong.
    """
    registry = Registry.scan()
    folder = Path.cwd() if allow_local_code else None
    component = registry.load(registry.find(kind, use, folder=folder))
    document = read("{}", use)
    try:
        for setting in settings:
            override(document, setting)
        return component(component.Params.model_validate(document.data))
    except DocumentError as error:
        found = error.problems
    except ValidationError as error:
        owner = f"{noun(kind)} '{use}'"
        wrong = problems(error, component.Params, document, owner=owner, item="parameter")
        found = list(wrong)
    raise RecipeError(list(map(str, found)))
