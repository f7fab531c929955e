"""Prompt templates and answer formats of the lab's judge, as it was trained on them.

Pairwise: the user turn is `prompts/pairwise.jinja`; the assistant reasons up to `ANSWER_PREFIX`
(use it as the stop string), and the probabilities of `OPTIONS` after that prefix are its
preference. Without reasoning the assistant turn is `ANSWER_PREFIX` alone.
Direct scores: the same with `prompts/score.jinja`, `SCORE_PREFIX` and `SCORE_OPTIONS`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Template

ANSWER_PREFIX: Final = "Better:"
OPTIONS: Final = (" A", " B")
SCORE_PREFIX: Final = "Score:"
SCORE_OPTIONS: Final = tuple(f" {score}" for score in range(1, 11))


@cache
def template(name: str) -> Template:
    """Load one of the lab's prompt templates.

    Args:
        name: "pairwise", "score", "critique" or "revise".

    Raises:
        FileNotFoundError: If the lab has no such template.
    """
    from jinja2 import Environment, StrictUndefined

    text = (files("rlaif_lab") / "prompts" / f"{name}.jinja").read_text(encoding="utf-8")
    # The lab's models read plain text: escaping for HTML belongs to the report, not here.
    return Environment(undefined=StrictUndefined, autoescape=False).from_string(text)
