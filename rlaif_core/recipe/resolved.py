"""A recipe with every default written out, and what differs between two of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from rlaif_core.recipe.components import ComponentSpec
from rlaif_core.recipe.sections import RecipeFile, Section, Use

AFTERWARDS = ("judge_metrics", "reporters")
"""Sections whose components look at a run's answers and change none of them."""

ABSENT, PRESENT = "(absent)", "(present)"
HASH = re.compile(r"^# local code (\S+) sha256 ([0-9a-f]{64})$", re.MULTILINE)


def text(file: RecipeFile, components: Mapping[str, ComponentSpec]) -> str:
    """YAML of a recipe with every default; local code is recorded by its hash in comments."""
    written = {place: spec.written for place, spec in components.items()}
    body = yaml.dump(
        _plain(file, (), written), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    entries = {spec.entry for spec in components.values() if spec.entry.sha256}
    entries = {entry for entry in entries if entry.kind not in AFTERWARDS}
    hashes = sorted(f"# local code {entry.name} sha256 {entry.sha256}\n" for entry in entries)
    return body + "".join(hashes)


def difference(old: str, new: str) -> list[str]:
    """One line for each value that differs between two texts, in the new one's order.

    A component that another one has replaced is one line, and so is a section that only one of
    the two has: what stands beneath are defaults for the most part. Sections that change no answer
    are left out.
    """
    before, after = yaml.safe_load(old), yaml.safe_load(new)
    for recipe in (before, after):
        for section in AFTERWARDS:
            recipe.pop(section, None)
    codes = _changed(dict(HASH.findall(old)), dict(HASH.findall(new)), "the code of ")
    return [*_changed(before, after), *codes]


def _plain(value: Any, path: tuple[str, ...], written: Mapping[str, Mapping[str, Any]]) -> Any:
    """Sections as plain data, without those that are absent."""
    if isinstance(value, Section):
        plain = {}
        for name, field in type(value).model_fields.items():
            item = getattr(value, name)
            if isinstance(value, Use) and name == "params":
                plain[name] = dict(
                    written.get(".".join(path), item)
                )  # `rewards` may name no component
            elif item is not None or field.default is not None:
                plain[name] = _plain(item, (*path, name), written)
        return plain
    if isinstance(value, dict):
        return {key: _plain(item, (*path, str(key)), written) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, (*path, str(i)), written) for i, item in enumerate(value)]
    return value


def _changed(before: Any, after: Any, name: str = "") -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list):
        before, after = dict(enumerate(before)), dict(enumerate(after))
    mappings = isinstance(before, dict) and isinstance(after, dict)
    if not mappings or before.get("use") != after.get("use"):
        yield f"{name}: {_shown(before)} -> {_shown(after)}"
        return
    inside = f"{name}." if name and not name.endswith(" ") else name
    for key in [*after, *(key for key in before if key not in after)]:
        yield from _changed(before.get(key, ABSENT), after.get(key, ABSENT), f"{inside}{key}")


def _shown(value: Any) -> str:
    if isinstance(value, dict) and value:
        return str(value.get("use", PRESENT))
    if isinstance(value, str):
        return repr(value) if "\n" in value else value
    return json.dumps(value, ensure_ascii=False, default=str)


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Every value is written where it is used."""
        return True


def _block(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _block)
