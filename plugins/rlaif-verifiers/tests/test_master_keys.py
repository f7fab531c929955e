"""What fools other judges scores 0 with every verifier (2507.08794)."""

import asyncio

import pytest

from rlaif_core.api import Context
from rlaif_core.testing import make_prompt, make_responses
from rlaif_verifiers.constraints import Constraints
from rlaif_verifiers.exact import Exact
from rlaif_verifiers.master_keys import is_master_key
from rlaif_verifiers.mathematics import Math
from rlaif_verifiers.pattern import Pattern
from rlaif_verifiers.programs import Code

KEYS = [
    "",
    " ",
    "\n",
    ".",
    ",",
    ":",
    "...",
    "```",
    "Thought process:",
    "thought process",
    "Let's solve this step by step",
    "Let's solve this problem step by step.",
    "LET’S SOLVE THIS STEP BY STEP.",
    "Solution",
    "解",
    "かいせつ",
    "Respuesta",
]
JUDGES = {
    "math": (Math, {"compare": "number"}, {"answer": "7"}),
    "constraints": (
        Constraints,
        {},
        {"constraints": [{"check": "no_commas"}, {"check": "words", "at_most": 9}]},
    ),
    "exact": (Exact, {"ignore": ["case", "whitespace", "punctuation"]}, {"answer": "7"}),
    "regex": (Pattern, {"pattern": ".*"}, {}),
}


def scores(judge, params, columns):
    async def scored():
        component = judge(judge.Params(**params))
        await component.setup(Context())
        prompt = make_prompt(**columns)
        told = await asyncio.gather(
            *(component.score(prompt, response) for response in make_responses(prompt, *KEYS))
        )
        await component.close()
        return [score.value for score in told]

    return asyncio.run(scored())


@pytest.mark.parametrize("name", JUDGES)
def test_they_score_nothing(name):
    assert scores(*JUDGES[name]) == [0.0] * len(KEYS)


def test_they_are_no_mathematics(comparers):
    assert [comparers.equal("7", key) for key in KEYS] == [False] * len(KEYS)


@pytest.mark.usefixtures("bubblewrap")
def test_they_are_no_programs():
    """Not even where the prompt's own code would pass the tests."""
    columns = {"test": "def check(f):\n    assert f() is None", "entry_point": "f"}
    columns["code"] = 'def f():\n    """Return nothing."""\n'
    params = {"completes": "code", "limits": {"seconds": 60}}
    assert scores(Code, params, columns) == [0.0] * len(KEYS)


@pytest.mark.parametrize("text", ["7", "Solution: 7", "Yes.", "a", "The answer is 7"])
def test_a_short_answer_is_none_of_them(text):
    assert not is_master_key(text)
