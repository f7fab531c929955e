"""The judge `regex`: the response matches a pattern, from the recipe or from the prompt."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from rlaif_core.api import (
    Abstention,
    Context,
    Params,
    PluginError,
    PointwiseJudge,
    Prompt,
    Response,
    Score,
)
from rlaif_verifiers.exact import answer_part
from rlaif_verifiers.ground_truth import NoGroundTruthError, ground_truth
from rlaif_verifiers.master_keys import is_master_key

if TYPE_CHECKING:
    import regex


class PatternParams(Params):
    """Parameters of `regex`."""

    pattern: str | None = Field(default=None, description="the pattern, for all prompts")
    column: str | None = Field(default=None, description="or the column that holds each one's")
    match: Literal["whole", "anywhere"] = Field(
        default="whole", description="what has to match: the whole response, or any part of it"
    )
    ignore_case: bool = Field(default=True)
    last_line: bool = Field(default=False, description="match only the last line with text")
    seconds: float = Field(default=1.0, gt=0, description="longest time for one match")

    @model_validator(mode="after")
    def _one_of_both(self) -> PatternParams:
        if (self.pattern is None) == (self.column is None):
            raise ValueError("needs one of pattern and column")
        return self


class Pattern(PointwiseJudge[PatternParams]):
    """Verifier: the response matches a regular expression."""

    Params = PatternParams

    async def setup(self, context: Context) -> None:
        """Compile the recipe's pattern.

        Raises:
            PluginError: If it is no regular expression.
        """
        await super().setup(context)
        if self.params.pattern is not None:
            try:
                self._compiled(self.params.pattern)
            except ValueError as error:
                raise PluginError(f"judge 'regex': {error}") from error

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """1 or 0. UNKNOWN without a pattern, FAILED if matching takes too long."""
        params = self.params
        try:
            pattern = params.pattern
            if pattern is None and params.column is not None:
                pattern = ground_truth(prompt, params.column)
            compiled = self._compiled(str(pattern))
        except NoGroundTruthError as missing:
            return missing.score
        except ValueError as error:
            return Score(abstention=Abstention.UNKNOWN, detail=str(error))
        if is_master_key(response.text):
            return Score(0.0, explanation="an opener, or nothing but punctuation")
        text = answer_part(response.text.strip(), "", last_line=params.last_line)
        look = compiled.fullmatch if params.match == "whole" else compiled.search
        try:
            # `concurrent` lets go of the interpreter while it searches; `timeout` bounds patterns
            # that backtrack for ever, which `re` could not be stopped in.
            found = await asyncio.to_thread(look, text, timeout=params.seconds, concurrent=True)
        except TimeoutError:
            detail = f"matching took more than {params.seconds:g} s"
            return Score(abstention=Abstention.FAILED, detail=detail)
        return Score(float(found is not None))

    def _compiled(self, pattern: str) -> regex.Pattern[str]:
        return _compiled(pattern, self.params.ignore_case)


@lru_cache(maxsize=1024)
def _compiled(pattern: str, ignore_case: bool) -> regex.Pattern[str]:
    import regex

    flags = regex.VERSION0 | regex.DOTALL | (regex.IGNORECASE if ignore_case else 0)
    try:
        return regex.compile(pattern, flags)
    except regex.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
