"""The judge `code`: run the program that a response holds, in a sandbox, against tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from rlaif_core.api import (
    Abstention,
    Context,
    Params,
    PointwiseJudge,
    Prompt,
    ResourcePath,
    Response,
    Score,
)
from rlaif_verifiers.code_blocks import program_of
from rlaif_verifiers.ground_truth import NoGroundTruthError, ground_truth, texts
from rlaif_verifiers.sandbox.limits import Limits

if TYPE_CHECKING:
    from rlaif_verifiers.sandbox import Report, Sandbox

LONGEST_EXPLANATION = 500


class CodeParams(Params):
    """Parameters of `code`."""

    tests: Literal["functions", "output"] = Field(
        default="functions",
        description="test code that calls the program, or inputs and the output expected",
    )
    column: str = Field(
        default="test", description="test code or a list of it; or a list of {input, output}"
    )
    entry_point: str = Field(
        default="entry_point", description="column with the name of the function under test"
    )
    completes: str | None = Field(
        default=None,
        description="column with the code that the response completes; `prompt` is the prompt",
    )
    score: Literal["all", "share"] = Field(
        default="all", description="1 if all tests pass and otherwise 0, or the share that pass"
    )
    limits: Limits = Field(default=Limits(), description="how much of the machine one may use")
    workers: int | None = Field(
        default=None, ge=1, description="programs at a time; by default two for each core"
    )
    python: ResourcePath | None = Field(
        default=None, description="an interpreter with packages; default: the standard library"
    )


class Code(PointwiseJudge[CodeParams]):
    """Verifier: the program in the response passes its tests, in a sandbox."""

    Params = CodeParams

    _sandbox: Sandbox
    _threads: ThreadPoolExecutor | None = None

    async def setup(self, context: Context) -> None:
        """Try the sandbox.

        Raises:
            PluginError: If there is no bubblewrap here, or it cannot make a sandbox.
        """
        from rlaif_verifiers.sandbox import Sandbox

        await super().setup(context)
        self._sandbox = Sandbox(self.params.limits, self.params.python)
        # Two, since to start and end a sandbox is half waiting for the kernel.
        workers = self.params.workers or 2 * len(os.sched_getaffinity(0))
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="sandbox")

    async def close(self) -> None:
        """Let the running programs end; each is limited."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """Between 0 and 1. UNKNOWN without tests, FAILED if the sandbox or the tests fail."""
        from rlaif_verifiers.sandbox import SandboxError

        check = self._functions if self.params.tests == "functions" else self._output
        try:
            passed, count, why = await check(prompt, response)
        except NoGroundTruthError as missing:
            return missing.score
        except SandboxError as error:
            return Score(abstention=Abstention.FAILED, detail=str(error))
        value = passed / count if self.params.score == "share" else float(passed == count)
        told = f"{passed} of {count} tests passed"
        return Score(value, explanation=f"{told}; {why}"[:LONGEST_EXPLANATION] if why else told)

    async def _functions(self, prompt: Prompt, response: Response) -> tuple[int, int, str]:
        from rlaif_verifiers.sandbox import FunctionTests

        tests = texts(prompt, self.params.column)
        entry_point = str(prompt.columns.get(self.params.entry_point) or "")
        begun = self._begun(prompt)
        program = program_of(response.text, begun, entry_point)
        if not program:
            return 0, len(tests), "no code"
        report = await self._run(FunctionTests(program, tests, begun, entry_point))
        failures = [outcome.detail for outcome in report.outcomes if not outcome.passed]
        passed = len(report.outcomes) - len(failures)
        return passed, len(tests), report.stopped or next(iter(failures), "")

    async def _output(self, prompt: Prompt, response: Response) -> tuple[int, int, str]:
        from rlaif_verifiers.sandbox import ProgramRuns

        cases = _cases(ground_truth(prompt, self.params.column), self.params.column)
        program = program_of(response.text, self._begun(prompt))
        if not program:
            return 0, len(cases), "no code"
        report = await self._run(ProgramRuns(program, [case["input"] for case in cases]))
        failures = [
            run.detail or f"prints {run.output!r}, not {case['output']!r}"
            for run, case in zip(report.outcomes, cases, strict=False)
            if run.detail or printed(run.output) != printed(case["output"])
        ]
        passed = len(report.outcomes) - len(failures)
        return passed, len(cases), report.stopped or next(iter(failures), "")

    async def _run(self, job: Any) -> Report:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._sandbox.run, job)

    def _begun(self, prompt: Prompt) -> str:
        column = self.params.completes
        if column is None:
            return ""
        if column == "prompt" and column not in prompt.columns:
            return prompt.text
        return str(ground_truth(prompt, column))


def printed(text: str) -> list[str]:
    """Output as it is compared: line by line, without white space at the ends."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _cases(value: Any, column: str) -> Sequence[Mapping[str, str]]:
    def is_case(one: Any) -> bool:
        return isinstance(one, Mapping) and all(
            isinstance(one.get(key), str) for key in ("input", "output")
        )

    if not isinstance(value, list) or not all(map(is_case, value)):
        raise NoGroundTruthError(f"'{column}' must be a list of {{input, output}} texts")
    return value
