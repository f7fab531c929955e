"""What is made from the code: every section of a recipe, every component, every command."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Collection, Iterator
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from rlaif_core.api.component import json_schema
from rlaif_core.cli import COMMANDS
from rlaif_core.recipe.sections import RecipeFile
from rlaif_core.registry import KINDS, Registry


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    for path, text in (
        ("reference/components.md", components()),
        ("reference/cli.md", commands()),
    ):
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Write the sections of a recipe below what the page says of them."""
    return markdown + sections() if page.file.src_uri == "reference/recipe.md" else markdown


def sections() -> str:
    """Every section of a recipe with a table of its keys."""
    schema = RecipeFile.model_json_schema()
    lines: list[str] = []
    for name, section in [("RecipeFile", schema), *schema["$defs"].items()]:
        lines += [f"### {name}", "", section["description"].replace("\n", " "), ""]
        lines += _parameters(section, schema["$defs"])
    return "\n".join(lines)


def components() -> str:
    """Every installed component, by kind, with a table of its parameters."""
    lines = ["# Components", "", "Made from the code of what is installed, by kind.", ""]
    registry = Registry.scan()
    for kind in KINDS:
        lines += [f"## {kind}", ""]
        for entry in registry.entries(kind):
            lines += [f"### `{entry.name}`", "", f"{entry.summary} *({entry.distribution})*", ""]
            schema = json_schema(registry.load(entry))
            lines += _parameters(schema)
            for name, part in schema.get("$defs", {}).items():
                if "properties" in part:
                    lines += [f"`{name}`:", "", *_parameters(part)]
    return "\n".join(lines)


def _parameters(schema: dict[str, Any], headings: Collection[str] = ()) -> list[str]:
    """A table of what a schema's object may hold.

    Args:
        schema: Of an object.
        headings: Names of other schemas that have a heading on the same page.
    """
    properties: dict[str, Any] = schema.get("properties", {})
    if not properties:
        return ["No parameters.", ""]
    rows = ["| parameter | type | default | meaning |", "|---|---|---|---|"]
    required = schema.get("required", [])
    for name, field in properties.items():
        given = field.get("default")
        default = "–" if given is None or isinstance(given, dict) else f"`{given!r}`"
        default = "**required**" if name in required else default
        meaning = field.get("description", "").replace("|", "\\|").replace("\n", " ")
        rows.append(f"| `{name}` | {_type(field, headings)} | {default} | {meaning} |")
    return [*rows, ""]


def _type(field: dict[str, Any], headings: Collection[str] = ()) -> str:
    if "enum" in field:
        return " \\| ".join(f"`{value}`" for value in field["enum"])
    choices = field.get("anyOf") or field.get("oneOf")
    if choices:
        return " \\| ".join(_type(choice, headings) for choice in choices)
    if "$ref" in field:
        name = str(field["$ref"].rpartition("/")[2])
        return f"[{name}](#{name.lower()})" if name in headings else name
    if isinstance(field.get("additionalProperties"), dict):
        return f"names, each with {_type(field['additionalProperties'], headings)}"
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}), headings)}"
    return str(field.get("type", "any"))


def commands() -> str:
    """Every command's help."""
    lines = [
        "# Command line",
        "",
        "Errors are one line and exit code 2; `--debug` shows where. The other "
        "[exit codes](../how-to/resume.md#exit-codes) say why a command ended.",
    ]
    for name, command, meaning in _commands():
        parser = argparse.ArgumentParser(f"rlaif {name}", description=meaning)
        command.configure(parser)
        helps = [each.format_help().rstrip() for each in (parser, *_actions(parser))]
        lines += ["", f"## rlaif {name}", "", "```text", "\n\n\n".join(helps), "```", ""]
    return "\n".join(lines)


def _commands() -> Iterator[tuple[str, Any, str]]:
    """Name, command and help of those of the core and of what is installed."""
    for name, (module, meaning) in COMMANDS.items():
        yield name, importlib.import_module(module), meaning
    registry = Registry.scan()
    for entry in registry.entries("commands"):
        command: Any = registry.load(entry)
        yield entry.name, command(), f"{entry.summary} ({entry.distribution})"


def _actions(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers of `rlaif NAME ACTION`."""
    return [
        subparser
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for subparser in action.choices.values()
    ]
