"""The judge `constraints`: the response has the form that was asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from rlaif_core.api import Params, PointwiseJudge, Prompt, Response, Score
from rlaif_verifiers.checks import Check
from rlaif_verifiers.ground_truth import NoGroundTruthError, ground_truth
from rlaif_verifiers.master_keys import is_master_key


class ConstraintsParams(Params):
    """Parameters of `constraints`."""

    column: str = Field(
        default="constraints", description="the prompt's checks: a list of {check: name, ...}"
    )
    score: Literal["share", "all"] = Field(
        default="share", description="the share of checks that hold, or 1 if all do and else 0"
    )


class Constraints(PointwiseJudge[ConstraintsParams]):
    """Verifier: the response has the form that was asked for, by checks in a column."""

    Params = ConstraintsParams

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """Between 0 and 1. UNKNOWN without checks, or with one that there is not.

        A response that says nothing scores 0, though it breaks no rule on what not to say.

        Raises:
            PluginError: If a check needs a library that is not installed.
        """
        try:
            checks = _checks(ground_truth(prompt, self.params.column), self.params.column)
        except NoGroundTruthError as missing:
            return missing.score
        if is_master_key(response.text):
            return Score(0.0, explanation="an opener, or nothing but punctuation")
        broken = [check.check for check in checks if not check.holds(response.text)]
        share = 1.0 - len(broken) / len(checks)
        value = share if self.params.score == "share" else float(not broken)
        return Score(value, explanation=f"does not hold: {', '.join(broken)}" if broken else "")


@lru_cache(maxsize=1)
def _reader() -> TypeAdapter[list[Check]]:
    return TypeAdapter(list[Check])


def _checks(value: Any, column: str) -> list[Check]:
    try:
        return _reader().validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"[{part}]" for part in first["loc"] if isinstance(part, int))
        raise NoGroundTruthError(f"'{column}{where}': {first['msg']}") from error
