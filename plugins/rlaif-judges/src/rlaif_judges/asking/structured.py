"""The structured answer: explanation, preference and confidence as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rlaif_core.api import ChatReply, Verdict
from rlaif_judges.asking.replies import QUOTED_ANSWER, own_words, refusal, unreadable


class Answer(BaseModel):
    """The answer that a judge is asked for.

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


def answer_verdict(reply: ChatReply, judged: Sequence[str] = ()) -> Verdict:
    """The verdict in the last JSON object of a reply.

    In a reply that was cut off, an object counts only if nothing follows it: one that stands in
    the middle may be quoted from a response.

    Args:
        reply: What the model said.
        judged: The texts that are judged. An answer that stands in one of them word for word is
            quoted, or was dictated.

    Returns:
        The verdict, or an abstention if the reply was refused, is empty, was cut off, or its
        last JSON object is no `Answer`, or is quoted.
    """
    refused = refusal(reply)
    if refused is not None:
        return Verdict.abstain(*refused)
    found, start, end = _last_object(reply.text)
    if reply.finish_reason == "length" and reply.text[end:].strip("` \n"):
        return Verdict.abstain(*unreadable(reply))
    try:
        answer = Answer.model_validate(found)
    except ValidationError:
        return Verdict.abstain(*unreadable(reply))
    given = _squeezed(reply.text[start:end])
    if any("{" in text and given in _squeezed(text) for text in judged):
        return Verdict.abstain(*QUOTED_ANSWER)
    explanation = own_words(answer.explanation)
    return Verdict(answer.p_first, explanation=explanation, confidence=answer.confidence)


def _last_object(text: str) -> tuple[Any, int, int]:
    """The last outermost JSON object and where it begins and ends; None and 0 if none does."""
    decoder = json.JSONDecoder()
    found, at, end = None, 0, 0
    start = text.find("{")
    while start >= 0:
        try:
            found, end = decoder.raw_decode(text, start)
            at, start = start, text.find("{", end)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
    return found, at, end


def _squeezed(text: str) -> str:
    return "".join(text.split())
