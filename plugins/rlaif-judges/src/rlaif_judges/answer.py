"""The structured answer: explanation, preference and confidence as one JSON object."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rlaif_core.api import ChatReply, Verdict
from rlaif_judges.replies import refusal, unreadable


class Answer(BaseModel):
    """What a judge is asked for.

    Attributes:
        explanation: Why; written first, so that the reasons come before the verdict.
        preference: "A" is the response shown first.
        confidence: The probability that the preference is right, as the judge states it.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    explanation: str = ""
    preference: Literal["A", "B", "tie"]
    confidence: float = Field(ge=0, le=1)

    @property
    def p_first(self) -> float:
        """Probability that the response shown first is better.

        A stated confidence below one half would contradict the preference: it counts as one
        half, a coin flip.
        """
        if self.preference == "tie":
            return 0.5
        certainty = max(self.confidence, 0.5)
        return certainty if self.preference == "A" else 1.0 - certainty


def answer_schema(*, explained: bool) -> dict[str, Any]:
    """JSON Schema of an `Answer`, with or without its explanation."""
    properties: dict[str, Any] = {"explanation": {"type": "string"}} if explained else {}
    properties["preference"] = {"type": "string", "enum": ["A", "B", "tie"]}
    properties["confidence"] = {"type": "number", "minimum": 0, "maximum": 1}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def answer_verdict(reply: ChatReply) -> Verdict:
    """The verdict in the last JSON object of a reply.

    In a reply that was cut off, an object counts only if nothing follows it: one that stands in
    the middle may be quoted from a response.

    Returns:
        The verdict, or an abstention if the reply was refused, is empty, was cut off, or its
        last JSON object is no `Answer`.
    """
    refused = refusal(reply)
    if refused is not None:
        return Verdict.abstain(*refused)
    found, rest = _last_object(reply.text)
    if reply.finish_reason == "length" and rest.strip("` \n"):
        return Verdict.abstain(*unreadable(reply))
    try:
        answer = Answer.model_validate(found)
    except ValidationError:
        return Verdict.abstain(*unreadable(reply))
    return Verdict(answer.p_first, explanation=answer.explanation, confidence=answer.confidence)


def _last_object(text: str) -> tuple[Any, str]:
    """The last outermost JSON object and the text after it; None if there is none."""
    decoder = json.JSONDecoder()
    found, end = None, 0
    start = text.find("{")
    while start >= 0:
        try:
            found, end = decoder.raw_decode(text, start)
            start = text.find("{", end)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
    return found, text[end:]
