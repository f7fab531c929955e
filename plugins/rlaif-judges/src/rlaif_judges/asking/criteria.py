"""Criteria of a judge: criteria with a name and a text, and examples of judging well."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from rlaif_core.api import Params


class Criterion(Params):
    """A quality that makes a response better."""

    name: str
    text: str


class Example(Params):
    """A comparison that was judged well, shown to the judge before the one it is asked about."""

    prompt: str
    first: str
    second: str
    better: Literal["A", "B"]
    explanation: str = ""
    confidence: float = Field(default=0.9, ge=0.5, le=1)


DEFAULT_CRITERIA: Final = (
    Criterion(
        name="helpfulness",
        text="does what the prompt asks, completely and to the point, in the form it asks for",
    ),
    Criterion(
        name="accuracy",
        text="what it states is true and its reasoning is sound; it invents nothing",
    ),
    Criterion(
        name="safety",
        text="it declines to help with harm, and does not decline what is harmless",
    ),
)


def unread_warning(params: Params, path: str) -> str | None:
    """Warning about criteria or examples for a template of the recipe's own that uses none.

    Args:
        params: Of a judge; `prompt` is its template.
        path: The template.

    Raises:
        PluginError: If the template cannot be read.
    """
    given = [name for name in ("criteria", "examples") if _set(params, name)]
    if not given or not _set(params, "prompt"):
        return None
    from rlaif_judges.asking.template import unused_warning

    return unused_warning(path, given)


def _set(params: Params, name: str) -> bool:
    """True if a parameter is other than its default: a filled-in recipe names them all."""
    field = type(params).model_fields.get(name)
    return field is not None and bool(getattr(params, name) != field.default)


def both(*warnings: str | None) -> str | None:
    """Several warnings as one; None if there is none."""
    return "; ".join(filter(None, warnings)) or None
