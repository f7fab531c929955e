"""Parameters of the judge `debate`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rlaif_core.api import ResourcePath
from rlaif_judges.asking.compare import ComparingParams


class DebateParams(ComparingParams):
    """Parameters of `debate`; those of `pairwise` are about the judge who decides."""

    protocol: Literal["debate", "consultancy", "single"] = Field(
        default="debate",
        description="two debaters, one who argues for either response in turn, or the judge alone "
        "with as many calls",
    )
    rounds: int = Field(default=3, ge=1, le=8, description="speeches of each debater")
    turns: Literal["simultaneous", "in-turn"] = Field(
        default="simultaneous", description="whether B hears A's speech of the same round"
    )
    words: int = Field(default=100, ge=1, description="of one speech; the rest is cut off")
    source: str | None = Field(
        default=None,
        description="column with a text that debaters see and the judge does not, and that quotes "
        "are checked against; unless given, that is prompt and responses",
    )
    judge_sees: Literal["transcript", "responses"] = Field(
        default="transcript", description="whether the judge is shown the responses as well"
    )
    speech_prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/debate_speech.jinja", description="a jinja2 template"
    )
    verdict_prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/debate_verdict.jinja", description="a jinja2 template"
    )
    debater_temperature: float = Field(default=0.4, ge=0, description="of the speeches")
    debater_tokens: int = Field(
        default=512, ge=1, description="of a speech and the thinking before it"
    )
