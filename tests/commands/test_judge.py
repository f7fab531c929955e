"""`rlaif judge`: pairs in, preferences and figures out; bad rows are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlaif_core.cli import main

JUDGE = '''
from rlaif_core.api import Abstention, Comparison, PairwiseJudge, Verdict


class Longer(PairwiseJudge):
    """Prefers the longer response, and whatever is shown first where they are equally long."""

    async def compare(self, comparison: Comparison) -> Verdict:
        first, second = len(comparison.first.text), len(comparison.second.text)
        if "?" in comparison.first.text:
            return Verdict.abstain(Abstention.REFUSED, "a question")
        return Verdict(p_first=0.9 if first >= second else 0.1, explanation="length")
'''

ROWS = [
    {"prompt": "p", "response_a": "long one", "response_b": "short", "label": "a"},
    {"prompt": "q", "response_a": "same", "response_b": "size", "label": "b"},
    {"prompt": "r", "response_a": "what?", "response_b": "why so long?", "label": "a"},
    {"prompt": "s", "response_a": "x", "response_b": "yy", "label": "a"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "judge.py").write_text(JUDGE)
    (tmp_path / "judge.yaml").write_text('api: 1\njudge: {use: "./judge.py:Longer"}\n')
    write(tmp_path, ROWS)
    return tmp_path


def write(folder: Path, rows: list[dict[str, Any]]) -> None:
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def judge(folder: Path, *more: str, pairs: str = "pairs.jsonl") -> int:
    command = ["judge", str(folder / "judge.yaml"), "--pairs", str(folder / pairs)]
    return main([*command, "--run-dir", str(folder / "run"), "--allow-local-code", *more])


def metrics(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "run" / "metrics.json").read_text()))


def test_figures_keep_verdicts_ties_and_abstentions_apart(folder: Path) -> None:
    assert judge(folder) == 0
    told = metrics(folder)
    assert told["pairs"] == 4
    assert told["comparisons"] == 8
    assert told["verdicts"] == 6
    assert told["abstentions"] == 2
    assert told["accuracy"] == (2 + 1 + 0 + 0) / 8
    assert told["accuracy_by_order"] == {"ab": 1 / 4, "ba": 2 / 4}
    assert told["both_right"] == 1
    assert told["position_agreement"] == 2 / 4
    assert told["preferences"] == 2
    assert told["dropped"] == {"tie": 1, "no verdict: every vote abstained": 1}


def test_preferences_follow_the_judge_and_not_the_label(folder: Path) -> None:
    assert judge(folder) == 0
    rows = pq.read_table(folder / "run" / "round-0" / "preferences").to_pylist()
    chosen = {row["prompt"][0]["content"]: row["chosen"][0]["content"] for row in rows}
    assert chosen == {"p": "long one", "s": "yy"}
    assert all(abs(row["p_chosen"] - 0.9) < 1e-9 for row in rows)


def test_parquet_and_folders_are_read_like_json_lines(folder: Path) -> None:
    assert judge(folder) == 0
    expected = metrics(folder)
    data = folder / "data"
    data.mkdir()
    pq.write_table(pa.Table.from_pylist(ROWS), data / "pairs.parquet")
    for source in ("data/pairs.parquet", "data"):
        run = folder / source.replace("/", "-")
        assert judge(folder, "--run-dir", str(run), pairs=source) == 0
        told = json.loads((run / "metrics.json").read_text())
        assert told["accuracy"] == expected["accuracy"]


def test_a_conversation_is_a_prompt_too(folder: Path) -> None:
    turns = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "hi"},
        {"role": "user", "content": "bye"},
    ]
    write(folder, [{"prompt": turns, "response_a": "b", "response_b": "bye!"}])
    assert judge(folder) == 0
    assert "accuracy" not in metrics(folder)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"prompt": "p", "response_a": "x"}, "pairs.jsonl:5: no column 'response_b'"),
        ({**ROWS[0], "label": "first"}, "'label' must be"),
        ({**ROWS[0], "response_a": 3}, "pairs.jsonl:5: 'response_a' must be text, and is int"),
    ],
)
def test_a_bad_row_is_one_line_that_names_it(
    row: dict[str, Any], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, [*ROWS, row])
    assert judge(folder) == 2
    said = capsys.readouterr().err.strip()
    assert told in said
    assert len(said.splitlines()) == 1


def test_one_id_for_two_pairs_names_both_rows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, [{**ROWS[0], "id": "x"}, {**ROWS[1], "id": "x"}])
    assert judge(folder) == 2
    said = capsys.readouterr().err
    assert "pairs.jsonl:2" in said
    assert "pairs.jsonl:1" in said


def test_other_pairs_in_an_old_directory_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(folder) == 0
    write(folder, ROWS[:2])
    assert judge(folder) == 2
    assert "holds verdicts on other pairs" in capsys.readouterr().err


def test_no_file_and_an_empty_file_are_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(folder, pairs="absent.jsonl") == 2
    assert "no such file" in capsys.readouterr().err
    write(folder, [])
    assert judge(folder) == 2
    assert "no rows in it" in capsys.readouterr().err


def test_columns_beside_the_pair_go_with_its_prompt(tmp_path: Path) -> None:
    from rlaif_core.data.pairs import read_pairs

    file = tmp_path / "pairs.jsonl"
    file.write_text('{"prompt": "2+2?", "response_a": "4", "response_b": "5", "answer": "4"}\n')
    (pair,) = read_pairs(file)
    assert pair.prompt.columns == {"answer": "4"}


SILENT = """
from rlaif_core.api import Abstention, ModelError, PairwiseJudge, Verdict


class Down(PairwiseJudge):
    async def compare(self, comparison):
        raise ModelError("connection refused")


class Mumbling(PairwiseJudge):
    async def compare(self, comparison):
        return Verdict.abstain(Abstention.UNPARSED, "<b>A</b>")


class DownOnce(Down):
    async def compare(self, comparison):
        if comparison.prompt.text == "q":
            return await super().compare(comparison)
        return Verdict(p_first=0.9)
"""


def silent(folder: Path, name: str, *more: str) -> int:
    (folder / "silent.py").write_text(SILENT)
    (folder / "judge.yaml").write_text(f'api: 1\njudge: {{use: "./silent.py:{name}"}}\n')
    return judge(folder, *more)


def test_a_service_that_is_down_is_an_error_however_few_pairs_there_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert silent(folder, "Down") == 2
    told = capsys.readouterr().err
    assert "error: 8 of 8 judge calls failed (100%, allowed 5%)" in told
    assert "connection refused" in told
    assert f"report: {folder / 'run' / 'report.html'}\n" in told
    assert "connection refused" in (folder / "run" / "report.html").read_text()


@pytest.mark.parametrize("judge_name", ["Down", "Mumbling"])
def test_a_judge_that_never_said_anything_is_an_error(
    judge_name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert silent(folder, judge_name, "--set", "judge.max_failures=1") == 2
    why = {"Down": "8 failed), for instance: ", "Mumbling": "8 unparsed), for instance: <b>A</b>"}
    said = "the judge returned no verdict: 8 of 8 verdicts are missing"
    assert f"{said} ({why[judge_name]}" in capsys.readouterr().err


def test_one_pair_without_a_verdict_is_borne(folder: Path) -> None:
    assert silent(folder, "DownOnce") == 0
    assert metrics(folder)["abstentions"] == 2


LEXICAL = """
from rlaif_core.api import PairwiseJudge, Verdict


class Lexical(PairwiseJudge):
    async def compare(self, comparison):
        return Verdict(float(comparison.first.text > comparison.second.text))
"""


def labelled(folder: Path, n: int = 40) -> Path:
    """Pairs whose label is right by the judge `Lexical`."""
    rows = [
        {
            "id": f"p{i}",
            "prompt": f"q{i}",
            "response_a": f"b{i}",
            "response_b": f"a{i}",
            "label": "a",
        }
        for i in range(n)
    ]
    file = folder / "pairs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def judge_pairs(folder: Path, sections: str) -> tuple[int, dict[str, Any]]:
    (folder / "lexical.py").write_text(LEXICAL)
    recipe = folder / "judge.yaml"
    recipe.write_text('api: 1\njudge: {use: "./lexical.py:Lexical"}\n' + sections)
    pairs, run = str(labelled(folder)), folder / "run"
    argv = ["judge", str(recipe), "--pairs", pairs, "--run-dir", str(run), "--allow-local-code"]
    code = main(argv)
    return code, json.loads((run / "metrics.json").read_text())


def test_people_check_given_pairs_too(tmp_path: Path) -> None:
    code, metrics = judge_pairs(
        tmp_path, "validation: {labels: labels.jsonl, share: 0.5, wait: true}\n"
    )
    assert code == 3
    assert "20 of 20 pairs wait for people" in metrics["stopped"]
    rows = (tmp_path / "run" / "round-0" / "to-label.jsonl").read_text().splitlines()
    people = [
        {**row, "label": "a" if row["response_a"] > row["response_b"] else "b"}
        for row in map(json.loads, rows)
    ]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in people))
    code, metrics = judge_pairs(
        tmp_path, "validation: {labels: labels.jsonl, share: 0.5, wait: true}\n"
    )
    assert code == 0
    assert metrics["judge"]["human"]["agreement"]["value"] == 1.0
    assert metrics["preferences"] == 40


def test_guards_that_trip_end_the_judging_of_given_pairs(tmp_path: Path) -> None:
    wrong = [
        {"prompt": f"q{i}", "response_a": f"b{i}", "response_b": f"a{i}", "label": "b"}
        for i in range(30)
    ]
    (tmp_path / "anchors.jsonl").write_text("".join(json.dumps(row) + "\n" for row in wrong))
    code, metrics = judge_pairs(tmp_path, "guards: {anchors: anchors.jsonl, score_entropy: 0.0}\n")
    assert code == 3
    assert "accuracy on the anchors" in metrics["stopped"]
    assert metrics["judge"]["guards"]["accuracy on the anchors"]["tripped"]
