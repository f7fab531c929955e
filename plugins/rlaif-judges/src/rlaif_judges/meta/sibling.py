"""Judging questions about the responses to one prompt, which know of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rlaif_core.api import Message, Prompt, digest

COLUMN: Final = "judged"
"""The column of a judging question that tells what it is about."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of the questions.

    Attributes:
        id: Its prompt's id.
        question: What the judge is asked.
        response: The response that it is asked about.
    """

    id: str
    question: str
    response: str

    @classmethod
    def of(cls, prompt_id: str, question: str, response: str) -> Sibling:
        """A question with its content-addressed id."""
        return cls(digest("judgment", prompt_id, response), question, response)


def judging_prompts(prompt_id: str, siblings: Sequence[Sibling]) -> list[Prompt]:
    """The questions as prompts; each carries all of them."""
    column = {"prompt_id": prompt_id, "siblings": [asdict(sibling) for sibling in siblings]}
    return [
        Prompt(sibling.id, (Message("user", sibling.question),), {COLUMN: column})
        for sibling in siblings
    ]


def siblings_of(prompt: Prompt) -> list[Sibling]:
    """All questions about the responses to the same prompt, this one among them.

    A prompt that is no judging question stands alone.
    """
    column = prompt.columns.get(COLUMN)
    if not isinstance(column, Mapping):
        return [Sibling(prompt.id, prompt.text, "")]
    siblings: Sequence[Mapping[str, Any]] = column["siblings"]
    return [Sibling(**sibling) for sibling in siblings]
