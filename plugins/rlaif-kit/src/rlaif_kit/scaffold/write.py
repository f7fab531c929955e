"""A new plugin: a distribution of one component that installs and passes its tests as it is."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from rlaif_core import __version__
from rlaif_core.api.errors import PluginError
from rlaif_core.commands.kinds import API_VERSION, Registry, noun

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Plugin:
    """The names of a plugin that is to be written.

    Attributes:
        kind: One of `KINDS`.
        name: What a recipe says after `use:`.
        distribution: What pip installs, and the name of its folder.
    """

    kind: str
    name: str
    distribution: str

    @property
    def module(self) -> str:
        """The module of the component."""
        return self.name.replace("-", "_")

    @property
    def package(self) -> str:
        """The package that the distribution installs."""
        return self.distribution.replace("-", "_")

    @property
    def class_name(self) -> str:
        """The component's class."""
        return "".join(word.capitalize() for word in self.name.split("-"))


def write(plugin: Plugin, into: Path, registry: Registry) -> Path:
    """Write the distribution as a folder of its own.

    Args:
        plugin: Its names.
        into: The folder to put it in; made if it is not there.
        registry: What is installed, so that nothing is named like something else.

    Returns:
        The new folder.

    Raises:
        PluginError: If a name cannot be used, or the folder is there already.
    """
    folder = into / plugin.distribution
    if problem := _problem(plugin, folder, registry):
        raise PluginError(problem)
    files = dict(render(plugin))
    try:
        folder.mkdir(parents=True)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    except OSError as error:
        raise PluginError(f"{folder} cannot be written: {error.strerror}") from error
    return folder


def render(plugin: Plugin) -> Iterator[tuple[str, str]]:
    """Every file of the distribution, as its path and its text.

    Raises:
        PluginError: If the component's class would be called like something that it imports.
    """
    environment = _environment()
    component = f"src/{plugin.package}/{plugin.module}.py"
    files = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        "CHANGELOG.md": "CHANGELOG.md",
        f"src/{plugin.package}/__init__.py": "package.py",
        component: f"{plugin.kind}/component.py",
        f"tests/test_{plugin.module}.py": f"{plugin.kind}/test.py",
    }
    for path, template in files.items():
        text = environment.get_template(f"{template}.jinja").render(_context(plugin))
        if path == component and plugin.class_name in _imported(text):
            raise PluginError(
                f"'{plugin.name}' would make '{plugin.class_name}', a word of rlaif_core.api that "
                f"a {noun(plugin.kind)} needs: choose another name"
            )
        yield path, text
    yield f"src/{plugin.package}/py.typed", ""


def _problem(plugin: Plugin, folder: Path, registry: Registry) -> str | None:
    """The objection to these names, in one line with the fix; None if there is none."""
    for name in (plugin.name, plugin.distribution):
        if not NAME.fullmatch(name):
            return f"'{name}' is no name: use small letters, digits and single hyphens, as in 'a-1'"
    words = {plugin.module, plugin.package, plugin.class_name}
    if taken := sorted(word for word in words if keyword.iskeyword(word) or word in dir(builtins)):
        return f"'{plugin.name}' would make '{taken[0]}', a word of Python: choose another name"
    for entry in registry.entries(plugin.kind):
        if entry.name == plugin.name:
            return f"{entry.label} is installed already: choose another name"
    if folder.exists():
        return f"{folder} exists: choose another name, or another folder by --into"
    if importlib.util.find_spec(plugin.package) is not None:
        return f"a package {plugin.package} is installed already: choose another --distribution"
    return None


def _context(plugin: Plugin) -> dict[str, object]:
    major, minor = __version__.split(".")[:2]
    return {
        "api": API_VERSION,
        "class": plugin.class_name,
        "core": f">={__version__},<{major}.{int(minor) + 1}",
        "distribution": plugin.distribution,
        "kind": plugin.kind,
        "module": plugin.module,
        "name": plugin.name,
        "noun": noun(plugin.kind),
        "package": plugin.package,
    }


def _imported(source: str) -> set[str]:
    """The names that a module imports."""
    nodes = ast.walk(ast.parse(source))
    imports = (node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("rlaif_kit.scaffold"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
