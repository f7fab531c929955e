"""Every judge under the conformance kit."""

import pytest

from rlaif_core.testing import PointwiseJudgeConformance, make_prompt, make_responses
from rlaif_verifiers.constraints import Constraints
from rlaif_verifiers.exact import Exact
from rlaif_verifiers.mathematics import Math
from rlaif_verifiers.pattern import Pattern
from rlaif_verifiers.programs import Code

PROMPT = make_prompt(
    answer="4",
    constraints=[{"check": "words", "at_most": 3}, {"check": "includes", "words": ["4"]}],
    test="assert f() == 4",
    cases=[{"input": "2", "output": "4"}],
)


class VerifierConformance(PointwiseJudgeConformance):
    asks_model = False
    texts = ("4", "What do you think of 5?")

    def responses(self):
        return tuple(make_responses(PROMPT, *self.texts))

    async def exercise(self, component):
        return [await component.score(PROMPT, response) for response in self.responses()]


class TestExact(VerifierConformance):
    component = Exact


class TestRegex(VerifierConformance):
    component = Pattern
    params = {"pattern": r"\d"}


class TestConstraints(VerifierConformance):
    component = Constraints


class TestMathByNumber(VerifierConformance):
    component = Math
    params = {"compare": "number"}


@pytest.mark.usefixtures("bubblewrap")
class TestCodeByFunctions(VerifierConformance):
    component = Code
    params = {"limits": {"seconds": 60, "cpu_seconds": 20}}
    texts = ("def f(): return 4", "def f(): return 5")


@pytest.mark.usefixtures("bubblewrap")
class TestCodeByOutput(VerifierConformance):
    component = Code
    params = {
        "tests": "output",
        "column": "cases",
        "limits": {"seconds": 60, "cpu_seconds": 20},
    }
    texts = ("print(int(input()) ** 2)", "print(input())")
