"""Facts about real data that a correct program reproduces."""

import asyncio
import gzip
import json
from collections import defaultdict
from itertools import starmap

import pytest

from rlaif_core.api import Context, Message, Prompt, Response
from rlaif_verifiers.mathematics import Math
from rlaif_verifiers.programs import Code

WRONG = """

def __wrong(right):
    def answer(*args, **named):
        told = right(*args, **named)
        if isinstance(told, bool):
            return not told
        if isinstance(told, (int, float)):
            return told + 1
        if told is None:
            return 0
        return told[1:] if len(told) > 1 else told + told + type(told)("x")
    return answer


{entry_point} = __wrong({entry_point})
"""


def read(path):
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return [json.loads(line) for line in data.splitlines()]


def scores(judge, asked):
    """What a judge gives to (prompt, text) pairs, all asked at once."""

    async def scored():
        await judge.setup(Context())
        try:
            return await asyncio.gather(
                *(judge.score(prompt, Response.of(prompt, text)) for prompt, text in asked)
            )
        finally:
            await judge.close()

    return asyncio.run(scored())


def test_gsm8k_by_numbers_agrees_with_every_published_verdict(real_data):
    asked, published = [], []
    for n, row in enumerate(read(real_data / "gsm8k" / "example_model_solutions.jsonl")):
        prompt = Prompt(
            str(n), (Message("user", row["question"]),), {"answer": row["ground_truth"]}
        )
        for value in row.values():
            if isinstance(value, dict):
                asked.append((prompt, value["solution"]))
                published.append(float(value["is_correct"]))
    told = scores(Math(Math.Params(compare="number")), asked)
    assert len(told) == 5_276
    assert [score.value for score in told] == published


def test_math_verify_agrees_on_266_of_its_268_cases(real_data):
    groups = defaultdict(list)
    for case in read(real_data / "math-verify" / "cases.jsonl"):
        precision = case.get("precision", 6)
        relations = case.get("allow_set_relation_comp", False)
        groups[precision, case.get("strict", True), relations].append(case)
    agree = total = 0
    for (digits, strict, relations), cases in groups.items():
        params = {"digits": digits, "strict": strict, "relations_as_sets": relations}
        judge = Math(Math.Params(seconds=60, **params))
        prompts = [
            Prompt(str(n), (Message("user", "?"),), {"answer": case["gold"]})
            for n, case in enumerate(cases)
        ]
        told = scores(judge, zip(prompts, [case["pred"] for case in cases], strict=True))
        agree += sum(
            (score.value or 0.0) == case["expected"]
            for score, case in zip(told, cases, strict=True)
        )
        total += len(cases)
    assert (agree, total) == (266, 268)


@pytest.fixture(scope="module")
def human_eval(real_data):
    return read(real_data / "human-eval" / "HumanEval.jsonl.gz")


def judged(rows, program_of):
    def asked(n, row):
        columns = {key: row[key] for key in ("test", "entry_point")}
        prompt = Prompt(str(n), (Message("user", row["prompt"]),), columns)
        return prompt, program_of(row)

    judge = Code(Code.Params(completes="prompt", limits={"seconds": 120, "cpu_seconds": 60}))
    return scores(judge, starmap(asked, enumerate(rows)))


@pytest.mark.usefixtures("bubblewrap")
def test_every_canonical_solution_of_human_eval_passes(human_eval):
    told = judged(human_eval, lambda row: row["canonical_solution"])
    assert [score.value for score in told] == [1.0] * 164


@pytest.mark.usefixtures("bubblewrap")
def test_no_mutant_of_a_canonical_solution_passes(human_eval):
    """Each solution with every answer turned into another one of its kind."""
    told = judged(
        human_eval,
        lambda row: row["canonical_solution"] + WRONG.format(entry_point=row["entry_point"]),
    )
    passing = [
        row["task_id"] for row, score in zip(human_eval, told, strict=True) if score.value != 0
    ]
    assert passing == []
