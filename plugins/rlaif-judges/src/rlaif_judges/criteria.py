"""What a judge goes by: criteria with a name and a text, and examples of judging well."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from rlaif_core.api import Params


class Criterion(Params):
    """What makes a response better."""

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
