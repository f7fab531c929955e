"""Sections of a recipe that a command does not use: a warning, since they promise something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rlaif_core.recipe.document import Document
from rlaif_core.recipe.problems import Problem
from rlaif_core.recipe.rules import Purpose

TRAINING = ("sampler", "pairing", "rewards", "reward_model", "optimizer", "evaluators", "rounds")

UNUSED: Mapping[Purpose, tuple[str, ...]] = {
    "judge": ("prompts", *TRAINING),
    "compare": ("filters", "validation", "guards", *TRAINING),
}
"""Sections by the command that passes them over."""


def unused_sections(
    document: Document, data: Mapping[str, Any], purpose: Purpose
) -> Iterator[Problem]:
    """One warning that names every such section."""
    unused = [name for name in UNUSED.get(purpose, ()) if data.get(name) not in (None, [], {})]
    if unused:
        where = document.key_position((unused[0],))
        yield Problem(where, f"`rlaif {purpose}` does not use {', '.join(unused)}")
