import asyncio

import pytest

from rlaif_core.api import Abstention, Context, PluginError
from rlaif_core.testing import make_prompt, make_responses
from rlaif_verifiers.programs import Code
from rlaif_verifiers.sandbox import bubblewrap as bubblewrap_module

PATIENT = {"seconds": 60, "cpu_seconds": 20}
BEGUN = 'from typing import List\n\n\ndef total(xs: List[int]) -> int:\n    """The sum."""\n'
CHECK = "def check(candidate):\n    assert candidate([1, 2]) == 3\n    assert candidate([]) == 0"


def score(response, columns, text="?", **params):
    async def scored():
        judge = Code(Code.Params(**{"limits": PATIENT, **params}))
        await judge.setup(Context())
        try:
            prompt = make_prompt(text, **columns)
            return await judge.score(prompt, make_responses(prompt, response)[0])
        finally:
            await judge.close()

    return asyncio.run(scored())


@pytest.mark.usefixtures("bubblewrap")
class TestFunctions:
    columns = {"test": CHECK, "entry_point": "total"}

    def test_a_completion_continues_the_prompts_code(self):
        told = score("    return sum(xs)\n", self.columns, BEGUN, completes="prompt")
        assert told.value == 1.0

    @pytest.mark.parametrize("begun", ["def total(xs):\n", "def total(xs):\n    # the sum\n"])
    def test_the_prompts_code_may_end_with_a_signature(self, begun):
        told = score("    return sum(xs)\n", self.columns, begun, completes="prompt")
        assert told.value == 1.0

    def test_a_prompt_that_is_no_code_is_no_ones_zero(self):
        told = score("    return 1\n", self.columns, "Write a sum.", completes="prompt")
        assert told.abstention is Abstention.FAILED
        assert "<prompt>, line 1" in told.detail

    def test_a_whole_function_in_a_fenced_block_replaces_the_prompts(self):
        response = (
            "Here:\n```python\ndef total(xs: List[int]) -> int:\n    return sum(xs)\n```\nBye!"
        )
        assert score(response, self.columns, BEGUN, completes="prompt").value == 1.0

    def test_code_may_come_from_a_column(self):
        columns = {**self.columns, "code": BEGUN}
        assert score("    return sum(xs)\n", columns, completes="code").value == 1.0

    def test_a_wrong_program_fails_and_the_explanation_says_where(self):
        told = score("    return 3\n", self.columns, BEGUN, completes="prompt")
        assert told.value == 0.0
        assert "assert candidate([]) == 0" in told.explanation

    def test_helpers_of_the_prompt_are_the_prompts_in_the_tests(self):
        begun = "def double(x):\n    return 2 * x\n\n\ndef f(x):\n    pass\n"
        columns = {"test": "def check(f):\n    assert f(2) == double(2)", "entry_point": "f"}
        cheat = "def double(x):\n    return 0\ndef f(x):\n    return 0"
        assert score(cheat, columns, begun, completes="prompt").value == 0.0

    def test_assertions_need_no_entry_point(self):
        columns = {"test": ["assert total([1]) == 1", "assert total([2]) == 3"]}
        program = "def total(xs):\n    return sum(xs)"
        assert score(program, columns).value == 0.0
        assert score(program, columns, score="share").value == 0.5

    @pytest.mark.parametrize(
        "tests",
        [
            "  \n",
            CHECK,  # which nobody calls: the column with the entry point is missing
            ["assert total([1]) == 1", "def test_total():\n    assert total([1]) == 2"],
            "import unittest\nclass Test(unittest.TestCase):\n    def test(self): total(0)",
        ],
    )
    def test_tests_that_no_program_could_fail_are_no_ones_point(self, tests):
        told = score("def total(xs): return sum(xs)", {"test": tests})
        assert told.abstention is Abstention.FAILED
        assert "without calling the program" in told.detail

    def test_a_check_that_the_tests_call_themselves_is_a_helper(self):
        tests = "def check(right): assert right\ncheck(total([1]) == 1)"
        assert score("def total(xs): return sum(xs)", {"test": tests}).value == 1.0
        assert score("def total(xs): return 0", {"test": tests}).value == 0.0

    def test_expected_exceptions_arrive(self):
        test = (
            "try:\n    f(-1)\nexcept ValueError as error:\n    assert 'negative' in str(error)\n"
            "else:\n    raise AssertionError"
        )
        program = "class Own(ValueError): pass\ndef f(x):\n    raise Own('negative')"
        assert score(program, {"test": test}).value == 1.0

    def test_tests_that_do_not_compile_are_no_ones_zero(self):
        told = score("def f(): pass", {"test": "assert f( =="})
        assert told.abstention is Abstention.FAILED
        assert "<tests>, line 1" in told.detail

    def test_tests_that_pass_functions_are_no_ones_zero(self):
        told = score("def f(g): return g()", {"test": "assert f(lambda: 1) == 1"})
        assert told.abstention is Abstention.FAILED
        assert "cannot be passed" in told.detail

    def test_without_tests_it_does_not_know(self):
        assert score("def f(): pass", {}).abstention is Abstention.UNKNOWN


@pytest.mark.usefixtures("bubblewrap")
class TestOutput:
    cases = [{"input": "1 2\n", "output": "3\n"}, {"input": "5 5\n", "output": "10\n"}]
    columns = {"cases": cases}
    params = {"tests": "output", "column": "cases"}

    def test_a_program_reads_its_input_and_prints(self):
        program = "```\nprint(sum(map(int, input().split())))\n```"
        assert score(program, self.columns, **self.params).value == 1.0

    def test_white_space_at_the_ends_makes_no_difference(self):
        program = "print(str(sum(map(int, input().split()))) + '  \\n\\n')"
        assert score(program, self.columns, **self.params).value == 1.0

    def test_the_share_of_right_outputs_may_be_the_score(self):
        told = score("print(3)", self.columns, score="share", **self.params)
        assert told.value == 0.5
        assert "prints '3\\n', not '10\\n'" in told.explanation

    def test_right_output_before_a_crash_is_not_enough(self):
        program = "print(sum(map(int, input().split())))\nraise SystemExit(3)"
        told = score(program, self.columns, **self.params)
        assert told.value == 0.0
        assert "exit code 3" in told.explanation

    def test_more_input_than_a_pipe_holds_arrives(self):
        columns = {"cases": [{"input": "x" * 1_000_000, "output": "1000000"}]}
        assert score("print(len(input()))", columns, **self.params).value == 1.0

    def test_cases_of_another_shape_are_said_so(self):
        told = score("print(3)", {"cases": [{"in": "1"}]}, **self.params)
        assert told.abstention is Abstention.UNKNOWN
        assert "list of {input, output}" in told.detail


def test_without_bubblewrap_nothing_runs(monkeypatch):
    monkeypatch.setattr(bubblewrap_module.shutil, "which", lambda name: None)
    with pytest.raises(PluginError, match="apt install bubblewrap"):
        score("def f(): pass", {"test": "f()"})


def test_a_bubblewrap_that_does_not_work_is_no_reason_to_run_without(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    complaint = "bwrap: No permissions to create new namespace"
    broken.write_text(f"#!/bin/sh\necho '{complaint}' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap_module.shutil, "which", lambda name: str(broken))
    with pytest.raises(PluginError, match="No permissions to create new namespace"):
        score("def f(): pass", {"test": "f()"})


@pytest.mark.usefixtures("bubblewrap")
def test_an_interpreter_with_packages_can_be_named(tmp_path):
    import sys

    columns = {"test": "assert version()"}
    program = "import regex\ndef version(): return regex.__version__"
    assert score(program, columns).value == 0.0
    roomy = {**PATIENT, "memory_mb": 1024}
    assert score(program, columns, python=sys.executable, limits=roomy).value == 1.0


@pytest.mark.usefixtures("bubblewrap")
def test_no_interpreter_is_said_so():
    with pytest.raises(PluginError, match="no Python that runs here"):
        score("def f(): pass", {"test": "f()"}, python="/nowhere/python")
