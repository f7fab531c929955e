"""The judge `exact`: the response is the expected answer, or one of several."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from pydantic import Field

from rlaif_core.api import Params, PointwiseJudge, Prompt, Response, Score
from rlaif_verifiers.ground_truth import NoGroundTruthError, texts

Ignored = Literal["case", "whitespace", "punctuation", "articles"]


class ExactParams(Params):
    """Parameters of `exact`."""

    column: str = Field(
        default="answer", description="the expected answer, or a list of which any will do"
    )
    ignore: frozenset[Ignored] = Field(
        default=frozenset({"case", "whitespace"}),
        description="what makes no difference: case, whitespace, punctuation, articles",
    )
    after: str = Field(default="", description="compare what follows its last occurrence")
    last_line: bool = Field(default=False, description="compare only the last line with text")


class Exact(PointwiseJudge[ExactParams]):
    """Verifier: the response is the expected answer, by normalised equality."""

    Params = ExactParams

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """1 or 0. UNKNOWN without an expected answer that has anything in it."""
        params = self.params
        try:
            expected = {normal(text, params.ignore) for text in texts(prompt, params.column)} - {""}
            if not expected:
                raise NoGroundTruthError(f"'{params.column}' has nothing to compare with")
        except NoGroundTruthError as missing:
            return missing.score
        part = answer_part(response.text, params.after, last_line=params.last_line)
        return Score(float(normal(part, params.ignore) in expected))


def answer_part(text: str, after: str, *, last_line: bool) -> str:
    """The part of a response that holds the answer; nothing where `after` does not occur."""
    if after:
        _, mark, text = text.rpartition(after)
        if not mark:
            return ""
    if last_line:
        text = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return text


def normal(text: str, ignore: frozenset[Ignored]) -> str:
    """A text without what makes no difference. The order is SQuAD's (1606.05250)."""
    text = unicodedata.normalize("NFKC", text)
    if "case" in ignore:
        text = text.casefold()
    if "punctuation" in ignore:
        text = "".join(item for item in text if not unicodedata.category(item).startswith("P"))
    if "articles" in ignore:
        text = re.sub(r"\b(?:a|an|the)\b", " ", text, flags=re.IGNORECASE)
    if "whitespace" in ignore:
        text = " ".join(text.split())
    return text
