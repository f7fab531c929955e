"""Drift between what is installed and a source checkout: entry points change by a reinstall."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from rlaif_core.commands.kinds import API_VERSION, Registry, noun

GROUP = f"rlaif.v{API_VERSION}."

Offers = dict[tuple[str, str], str]
"""(kind, name) to "module:Class"."""


def drift(registry: Registry, source: str | Path) -> list[str]:
    """Differences between a checkout's distributions and their installed metadata.

    Args:
        registry: What is installed.
        source: A folder with a pyproject.toml, or with `*/*/pyproject.toml` below it.

    Returns:
        One line for each component that was added, removed or moved; distributions that are not
        installed are left out.
    """
    return [line for folder in _projects(Path(source)) for line in _compare(registry, folder)]


def declared(folder: Path) -> tuple[str, Offers]:
    """The name of the distribution in `folder`, and the components its pyproject.toml offers."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8")).get("project", {})
    offers = {
        (group.removeprefix(GROUP), name): value
        for group, entries in project.get("entry-points", {}).items()
        if group.startswith(GROUP)
        for name, value in entries.items()
    }
    return project.get("name", ""), offers


def _projects(source: Path) -> Iterator[Path]:
    for pattern in ("pyproject.toml", "*/*/pyproject.toml"):
        for path in sorted(source.glob(pattern)):
            if not any(part.startswith(".") for part in path.relative_to(source).parts):
                yield path.parent


def _compare(registry: Registry, folder: Path) -> Iterator[str]:
    name, source = declared(folder)
    try:
        metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return
    installed = {
        (entry.kind, entry.name): entry.value
        for entry in registry.entries()
        if entry.distribution == name
    }
    fix = f"pip install -e {folder}"
    for kind, use in sorted({*source, *installed}):
        here, there = source.get((kind, use)), installed.get((kind, use))
        if here != there:
            what = "was added" if there is None else "was removed" if here is None else "has moved"
            yield f"{noun(kind)} '{use}' {what} since {name} was installed: {fix}"
