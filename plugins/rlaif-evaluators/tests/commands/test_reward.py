"""`rlaif reward score`."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from rlaif_core.cli import main

COMPONENT = '''
from rlaif_core.api import Params, RewardModel

CALLS = []


class LengthParams(Params):
    factor: float = 1.0


class Length(RewardModel[LengthParams]):
    """Rewards length."""

    Params = LengthParams

    def fit(self, job):
        return {}

    def load(self, folder):
        self.folder = folder

    def score(self, prompts, responses):
        with open(self.folder + "/calls", "a") as calls:
            calls.write(" ".join(str(len(response)) for response in responses) + "\\n")
        return [self.params.factor * len(response) for response in responses]
'''


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def rlaif(capsys):
    """Runs a command line in this process."""

    def run(*arguments):
        return Outcome(main(arguments), *capsys.readouterr())

    return run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with a reward model of length in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "length.py").write_text(COMPONENT)
    (tmp_path / "model").mkdir()
    return tmp_path


@pytest.fixture
def score(rlaif, folder):
    """Scores rows by their length."""

    def run(rows, *arguments, file="rows.jsonl"):
        (folder / file).write_text("".join(json.dumps(row) + "\n" for row in rows))
        own = ("--reward-model", "./length.py:Length", "--allow-local-code")
        return rlaif("reward", "score", "model", file, *own, *arguments)

    return run


NAMELESS = "reward model './length.py:Length' has no parameter 'vector'; did you mean 'factor'?"
RESPONSES = [{"prompt": "Say it", "response": "a" * n, "kind": n} for n in (3, 9, 5)]
PAIRS = [
    {"prompt": "Say it", "chosen": "aaaa", "rejected": "aa"},
    {"prompt": "Go on", "chosen": "a", "rejected": "aaa"},
    {"prompt": "Stop", "chosen": "aa", "rejected": "bb"},
]


def test_every_row_comes_back_with_its_reward_in_order(score):
    code, out, err = score(RESPONSES)
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {**row, "reward": float(row["kind"])} for row in RESPONSES
    ]
    assert "responses   3" in err
    assert "mean        5.6667" in err


def test_pairs_get_both_rewards_and_an_accuracy(score):
    code, out, _ = score(PAIRS, "--json")
    result = json.loads(out)
    assert code == 0
    assert result["rows"][0] == {**PAIRS[0], "reward_chosen": 4.0, "reward_rejected": 2.0}
    assert (result["pairs"], result["responses"]) == (3, 6)
    assert result["accuracy"]["value"] == 0.5
    assert result["accuracy"]["low"] < 0.5 < result["accuracy"]["high"]


def test_rows_go_to_the_output_and_figures_to_the_terminal(score, folder):
    code, out, _ = score(RESPONSES, "--output", "scored.jsonl")
    assert code == 0
    assert out.splitlines()[0] == "model       model"
    assert out.splitlines()[-1] == "output      scored.jsonl"
    written = (folder / "scored.jsonl").read_text().splitlines()
    assert json.loads(written[1])["reward"] == 9.0


def test_with_an_output_json_holds_no_rows(score):
    result = json.loads(score(RESPONSES, "--output", "scored.jsonl", "--json").out)
    assert "rows" not in result
    assert result["most"] == 9.0


def test_batches_hold_the_longest_first(score, folder):
    score(RESPONSES, "--batch-size", "2")
    assert (folder / "model" / "calls").read_text() == "9 5\n3\n"


def test_parameters_of_the_component_can_be_set(score):
    result = json.loads(score(RESPONSES, "--json", "--set", "factor=-2").out)
    assert result["least"] == -18.0


def test_messages_are_prompts_and_responses_too(score):
    row = {
        "prompt": [{"role": "user", "content": "Say it"}],
        "chosen": [{"role": "assistant", "content": "aaaa"}],
        "rejected": [{"role": "assistant", "content": "a"}],
    }
    (scored,) = json.loads(score([row], "--json").out)["rows"]
    assert (scored["reward_chosen"], scored["reward_rejected"]) == (4.0, 1.0)


def test_parquet_is_read_like_json_lines(rlaif, folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(RESPONSES), folder / "rows.parquet")
    own = ("--reward-model", "./length.py:Length", "--allow-local-code", "--json")
    result = json.loads(rlaif("reward", "score", "model", "rows.parquet", *own).out)
    assert [row["reward"] for row in result["rows"]] == [3.0, 9.0, 5.0]


@pytest.mark.parametrize(
    ("rows", "arguments", "told"),
    [
        ([{"prompt": "x"}], (), "rows.jsonl:1: no column 'response', and no 'chosen' and"),
        ([{"response": "x"}], (), "rows.jsonl:1: no column 'prompt'; it has response"),
        ([{"prompt": "x", "response": 3}], (), "rows.jsonl:1: 'response' must be text"),
        ([], (), "rows.jsonl: no rows in it"),
        (RESPONSES, ("--batch-size", "0"), "--batch-size 0 must be at least 1"),
        (RESPONSES, ("--output", "no/where.jsonl"), "no/where.jsonl: no such folder"),
        (RESPONSES, ("--set", "factor"), "--set factor: write `--set path=value`"),
        (RESPONSES, ("--set", "factor=[1"), "--set factor=[1: the value is not YAML"),
        (RESPONSES, ("--set", "factor=x"), "--set factor=x: factor should be a valid number"),
        (RESPONSES, ("--set", "vector=1"), f"--set vector=1: {NAMELESS}"),
    ],
)
def test_what_cannot_be_scored_is_one_line(score, rows, arguments, told):
    code, out, err = score(rows, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {told}")
    assert err.count("\n") == 1


def test_a_run_is_told_where_its_reward_model_is(score, folder):
    (folder / "model" / "round-1" / "reward_model").mkdir(parents=True)
    code, _, err = score(RESPONSES)
    assert code == 2
    assert err == (
        "error: model is a run: give one of its reward models, as model/round-1/reward_model\n"
    )


def test_local_code_needs_leave(rlaif, folder):
    (folder / "rows.jsonl").write_text(json.dumps(RESPONSES[0]))
    code, _, err = rlaif(
        "reward", "score", "model", "rows.jsonl", "--reward-model", "./length.py:L"
    )
    assert code == 2
    assert "runs with --allow-local-code only" in err


def test_a_missing_library_is_one_line(score, folder):
    source = COMPONENT.replace("self.folder = folder", "import no_such_library")
    (folder / "length.py").write_text(source)
    code, _, err = score(RESPONSES)
    assert code == 2
    assert err.startswith("error: reward model './length.py:Length' needs a library that is not")
