"""Pages that are made from the code: every component with its parameters, every command."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

from mkdocs.structure.files import File, Files

from rlaif_core.api.component import json_schema
from rlaif_core.cli import COMMANDS
from rlaif_core.registry import KINDS, Registry


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    for path, text in (
        ("reference/components.md", components()),
        ("reference/cli.md", commands()),
    ):
        files.append(File.generated(config, path, content=text))
    return files


def components() -> str:
    """Every installed component, by kind, with a table of its parameters."""
    lines = ["# Components", "", "Made from the code of what is installed, by kind.", ""]
    registry = Registry.scan()
    for kind in KINDS:
        lines += [f"## {kind}", ""]
        for entry in registry.entries(kind):
            lines += [f"### `{entry.name}`", "", f"{entry.summary} *({entry.distribution})*", ""]
            lines += _parameters(json_schema(registry.load(entry)))
    return "\n".join(lines)


def _parameters(schema: dict[str, Any]) -> list[str]:
    properties: dict[str, Any] = schema.get("properties", {})
    if not properties:
        return ["No parameters.", ""]
    rows = ["| parameter | type | default | meaning |", "|---|---|---|---|"]
    required = schema.get("required", [])
    for name, field in properties.items():
        default = "**required**" if name in required else f"`{field.get('default')!r}`"
        meaning = field.get("description", "").replace("|", "\\|").replace("\n", " ")
        rows.append(f"| `{name}` | {_type(field)} | {default} | {meaning} |".replace("`None`", "–"))
    return [*rows, ""]


def _type(field: dict[str, Any]) -> str:
    if "enum" in field:
        return " \\| ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " \\| ".join(_type(one) for one in field["anyOf"])
    if "$ref" in field:
        return str(field["$ref"].rpartition("/")[2])
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    return str(field.get("type", "any"))


def commands() -> str:
    """Every command's help."""
    lines = ["# Command line", "", "Errors are one line and exit code 2; `--debug` shows where."]
    for name, (module, meaning) in COMMANDS.items():
        parser = argparse.ArgumentParser(f"rlaif {name}", description=meaning)
        importlib.import_module(module).configure(parser)
        lines += ["", f"## rlaif {name}", "", "```text", parser.format_help().rstrip(), "```", ""]
    return "\n".join(lines)
