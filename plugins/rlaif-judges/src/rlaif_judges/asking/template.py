"""A judge's prompt: a jinja2 template in a file of its own, checked before the run starts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

from rlaif_core.api import PluginError
from rlaif_judges.asking.resources import read_text

# Plain text for a model: escaping for HTML belongs to whoever shows it in a page.
_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


class PromptTemplate:
    """A template whose variables are known.

    Args:
        path: A file, or `package:path` inside an installed package.
        sample: Values of every variable, to try the template on.
        shown: Variables without which nothing could be judged; none for a template that shows
            nothing that somebody else wrote.

    Raises:
        PluginError: If the file cannot be read, or the template cannot be rendered with `sample`
            or leaves out one of `shown`.
    """

    def __init__(self, path: str, sample: Mapping[str, Any], shown: tuple[str, ...]) -> None:
        source = read_text(path, "prompt template")
        try:
            self.variables = find_undeclared_variables(_ENVIRONMENT.parse(source))
            self._template = _ENVIRONMENT.from_string(source)
            # Jinja2 copies these at every rendering, which takes a chain of mappings twice as long
            # as all the rest.
            self._template.globals = dict(self._template.globals)
            self._template.render(sample)
        except TemplateSyntaxError as error:
            raise PluginError(f"{path}:{error.lineno}: {error.message}") from error
        except (TemplateError, TypeError, ValueError) as error:
            known = ", ".join(sorted(sample))
            raise PluginError(f"{path}: {error}; the variables are {known}") from error
        missing = [name for name in shown if name not in self.variables]
        if missing:
            raise PluginError(f"{path}: the template never uses {', '.join(missing)}")
        if shown and "fence" not in self.variables:
            warnings.warn(
                f"{path}: the template never uses `fence`, so a response can forge where it ends",
                stacklevel=2,
            )

    def render(self, values: Mapping[str, Any]) -> str:
        """The prompt's text. What is filled in stands there as it is and is never expanded."""
        return self._template.render(values)


def unused_warning(path: str, names: Sequence[str]) -> str | None:
    """Warning about parameters that were set, and that the template never uses.

    Args:
        path: As for `PromptTemplate`.
        names: The parameters, each a variable of the templates that this package brings.

    Raises:
        PluginError: If the file cannot be read.
    """
    source = read_text(path, "prompt template")
    try:
        variables = find_undeclared_variables(_ENVIRONMENT.parse(source))
    except TemplateSyntaxError:
        return None  # `PromptTemplate` says where
    unused = [name for name in names if name not in variables]
    if not unused:
        return None
    listed = " or ".join(f"`{name}`" for name in unused)
    return f"{path} never uses {listed}, so what is set there has no effect: use it in the template"
