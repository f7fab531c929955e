"""The components of a run, with their parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_core.runs import Run
from rlaif_report.text import one_line

PARAMS = 400


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """One component: its place in the recipe, its name, its distribution, its parameters."""

    place: str
    use: str
    distribution: str
    params: str


def component_rows(run: Run) -> list[ComponentRow]:
    """Every component that the manifest or, without one, the recipe names."""
    recipe = run.sections
    listed = run.manifest.get("components")
    if not isinstance(listed, Mapping):
        listed = dict(_used(recipe, ""))
    return [_row(str(place), entry, recipe) for place, entry in listed.items()]


def plain(value: Any) -> str:
    """A value of the recipe or the manifest as it would be written there."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _row(place: str, record: Any, recipe: Mapping[str, Any]) -> ComponentRow:
    entry = record if isinstance(record, Mapping) else {"use": record}
    made_by = f"{entry.get('distribution') or ''} {entry.get('version') or ''}".strip()
    if entry.get("sha256"):
        made_by = f"{made_by} sha256 {str(entry['sha256'])[:12]}".strip()
    section = _at(recipe, place)
    chosen = entry.get("chosen")
    if isinstance(chosen, list) and isinstance(section, Mapping):
        section = _without_defaults(section, [str(name) for name in chosen])
    settings = ", ".join(f"{name}: {plain(value)}" for name, value in _settings(section))
    return ComponentRow(place, str(entry.get("use", "")), made_by, one_line(settings, PARAMS))


def _without_defaults(section: Mapping[str, Any], chosen: Sequence[str]) -> dict[str, Any]:
    """The chosen parameters, before the settings of the place."""
    params = section.get("params")
    params = params if isinstance(params, Mapping) else {}
    around = {name: value for name, value in section.items() if name != "params"}
    return {"params": {name: params[name] for name in chosen if name in params}, **around}


def _settings(section: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(section, Mapping):
        return
    for name, value in section.items():
        if name == "params" and isinstance(value, Mapping):
            yield from ((str(key), param) for key, param in value.items())
        elif name not in {"use", "params"} and value is not None:
            yield str(name), value


def _used(section: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(section, Mapping):
        if "use" in section:
            yield place, section
        items = [(str(key), item) for key, item in section.items() if key != "params"]
    elif isinstance(section, list):
        items = [(str(index), item) for index, item in enumerate(section)]
    else:
        return
    for key, item in items:
        yield from _used(item, f"{place}.{key}" if place else key)


def _at(section: Any, place: str) -> Any:
    for key in place.split("."):
        if isinstance(section, Mapping):
            section = section.get(key)
        elif isinstance(section, list) and key.isdigit() and int(key) < len(section):
            section = section[int(key)]
        else:
            return None
    return section
