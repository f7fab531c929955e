"""JSON Schema of recipes for editors, with the parameters of every installed component."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pydantic import PydanticInvalidForJsonSchema

from rlaif_core.api import PluginError
from rlaif_core.recipe.places import LISTS, SINGLE
from rlaif_core.recipe.sections import RecipeFile
from rlaif_core.registry import KINDS, Entry, Registry

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ANY = "#/$defs/Use"

Schema = dict[str, Any]

ELSEWHERE = r"/|\.py:"
"""What `use` looks like for a `distribution/name` or a local file: parameters are unknown then."""


def recipe_schema(registry: Registry) -> tuple[Schema, list[str]]:
    """The schema, and one line for each plugin that had to be left out.

    Each kind is a definition of that name, whose `anyOf` holds one alternative a component.

    Args:
        registry: Where components are looked up; each one is imported.
    """
    schema: Schema = {"$schema": DIALECT, **RecipeFile.model_json_schema(), "title": "rlaif recipe"}
    definitions = schema["$defs"]
    left_out: list[str] = []
    for kind in KINDS:
        choices = _choices(registry, kind, definitions, left_out)
        definitions[kind] = {**definitions["Use"], "title": kind, "anyOf": choices}
    for section, kind in (("JudgeSection", "judges"), ("SamplerSection", "samplers")):
        definitions[section]["anyOf"] = definitions.pop(kind)["anyOf"]
        _narrow(definitions[section], "models")
    sections = {"": schema, "prompts": definitions["PromptsSection"]}
    for place, kind in {**SINGLE, **LISTS, "models": "models"}.items():
        owner, _, name = place.rpartition(".")
        if owner in sections:
            _narrow(sections[owner]["properties"][name], kind)
    del definitions["Use"]
    return schema, left_out


def _choices(
    registry: Registry, kind: str, definitions: Schema, left_out: list[str]
) -> list[Schema]:
    usable = [entry for entry in registry.entries(kind) if entry.problem is None]
    offers = Counter(item.name for item in usable)
    choices = []
    for entry in usable:
        use = entry.name if offers[entry.name] == 1 else f"{entry.distribution}/{entry.name}"
        key = f"{kind}.{use.replace('/', '.')}"
        try:
            params_type = registry.load(entry).Params
            params = params_type.model_json_schema(ref_template=f"#/$defs/{key}/$defs/{{model}}")
        except PluginError as error:
            left_out.append(str(error))
            continue
        except PydanticInvalidForJsonSchema as error:
            left_out.append(f"{entry.label}: {error.message}")
            continue
        definitions[key] = params
        choices.append(_choice(entry, use, key, needs_params=bool(params.get("required"))))
    listed = [choice["title"] for choice in choices]
    return [*choices, {"properties": {"use": {"pattern": ELSEWHERE, "not": {"enum": listed}}}}]


def _choice(entry: Entry, use: str, key: str, *, needs_params: bool) -> Schema:
    return {
        "title": use,
        "description": entry.summary,
        "properties": {"use": {"const": use}, "params": {"$ref": f"#/$defs/{key}"}},
        "required": ["use", "params"] if needs_params else ["use"],
    }


def _narrow(schema: Any, kind: str) -> None:
    """Turn references to any component into references to one of a kind, in place."""
    if isinstance(schema, list):
        for item in schema:
            _narrow(item, kind)
    elif isinstance(schema, dict):
        if schema.get("$ref") == ANY:
            schema["$ref"] = f"#/$defs/{kind}"
        if "oneOf" in schema:  # `{use: x}` is also a mapping of roles: pydantic decides by form
            schema["anyOf"] = schema.pop("oneOf")
        for value in schema.values():
            _narrow(value, kind)
