"""Jobs of the sandbox, and their outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FunctionTests:
    """Tests that call what a program defines.

    Attributes:
        program: Python source.
        tests: Python source each: assertions, or a `check(candidate)` as HumanEval has it.
        prompt: Trusted source that runs before each test, beside the tests.
        entry_point: The function that `check` is given; always the program's, even where
            `prompt` defines one of that name.
    """

    kind: ClassVar[str] = "functions"
    program: str
    tests: Sequence[str]
    prompt: str = ""
    entry_point: str = ""

    @property
    def secret(self) -> Mapping[str, Any]:
        """Variables that the program's process must not have."""
        return {
            "tests": list(self.tests),
            "prompt": self.prompt,
            "entry_point": self.entry_point,
        }


@dataclass(frozen=True)
class ProgramRuns:
    """Runs of a whole program; what it should print stays outside.

    Attributes:
        program: Python source.
        inputs: Standard input of each run.
    """

    kind: ClassVar[str] = "runs"
    program: str
    inputs: Sequence[str]

    @property
    def secret(self) -> Mapping[str, Any]:
        """The inputs of later runs."""
        return {"inputs": list(self.inputs)}


Job = FunctionTests | ProgramRuns


@dataclass(frozen=True)
class Outcome:
    """Outcome of one test or run.

    Attributes:
        passed: Whether the test passed; a run passes nothing by itself.
        output: What the run printed, as far as the limit.
        detail: How the test failed or the run went wrong; empty if it went well.
    """

    passed: bool = False
    output: str = ""
    detail: str = ""
