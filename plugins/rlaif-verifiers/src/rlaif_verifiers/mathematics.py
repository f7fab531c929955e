"""The judge `math`: the response comes to the expected answer."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from pydantic import Field

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
from rlaif_verifiers.comparers import Comparers, ComparisonError
from rlaif_verifiers.final_number import final_number
from rlaif_verifiers.ground_truth import NoGroundTruthError, texts


class MathParams(Params):
    """Parameters of `math`."""

    column: str = Field(default="answer", description="the expected answer")
    compare: Literal["symbolic", "number"] = Field(
        default="symbolic",
        description="mathematical expressions, by math-verify; or the last number, as for GSM8K",
    )
    digits: int = Field(default=6, ge=0, description="decimal places that floats have to share")
    strict: bool = Field(
        default=True, description="variables have to have the same names, sets are no tuples"
    )
    relations_as_sets: bool = Field(
        default=False, description="an inequality may answer where an interval is expected"
    )
    seconds: float = Field(default=10.0, gt=0, description="longest time for one comparison")
    workers: int = Field(default=1, ge=1, description="processes that compare, about 60 MB each")


class Math(PointwiseJudge[MathParams]):
    """Verifier: the response comes to the expected answer, as mathematics has it."""

    Params = MathParams

    _comparers: Comparers | None = None
    _threads: ThreadPoolExecutor | None = None

    async def setup(self, context: Context) -> None:
        """Start the processes that compare.

        Raises:
            PluginError: If math-verify is not installed.
        """
        await super().setup(context)
        if self.params.compare == "symbolic":
            workers = self.params.workers
            options = {
                "float_rounding": self.params.digits,
                "strict": self.params.strict,
                "allow_set_relation_comp": self.params.relations_as_sets,
            }
            self._comparers = Comparers(workers, self.params.seconds, options)
            self._threads = ThreadPoolExecutor(workers, thread_name_prefix="math")
            try:
                await self._equal("1/2", "0.5")
            except ComparisonError as error:
                raise PluginError(f"judge 'math': {error}") from error

    async def close(self) -> None:
        """End the processes."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        if self._comparers is not None:
            self._comparers.close()

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """1 or 0; 0 also if there is no answer in the response.

        UNKNOWN without an expected answer that can be read, FAILED if comparing takes too long.
        """
        column = self.params.column
        try:
            golds = texts(prompt, column)
            if len(golds) > 1:
                raise NoGroundTruthError(f"'{column}' must be one answer")
            if self.params.compare == "number":
                return _same_number(golds[0], response.text, column)
            equal = await self._equal(golds[0], response.text)
        except NoGroundTruthError as missing:
            return missing.score
        except ComparisonError as error:
            return Score(abstention=Abstention.FAILED, detail=str(error))
        if equal is None:
            return NoGroundTruthError(f"'{column}' holds no mathematics: {golds[0]!r}").score
        return Score(float(equal))

    async def _equal(self, gold: str, answer: str) -> bool | None:
        assert self._comparers is not None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._comparers.equal, gold, answer)


def _same_number(gold: str, answer: str, column: str) -> Score:
    expected = final_number(gold)
    if expected is None:
        raise NoGroundTruthError(f"'{column}' holds no number: {gold!r}")
    found = final_number(answer)
    return Score(float(found == expected), explanation=f"the final number is {found}")
