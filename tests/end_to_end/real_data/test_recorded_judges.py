"""`rlaif judge` over verdicts that real judges gave, against the figures known for them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rlaif_core.cli import main
from tests.end_to_end.real_data.conftest import write_jsonl

# accuracy %, positional agreement %, pairs right in both orders
LLMBAR = {
    ("LLMBar/Natural", "GPT-4", "Vanilla"): (95.50, 95.00, 93),
    ("LLMBar/Natural", "GPT-4", "CoT"): (94.50, 91.00, 90),
    ("LLMBar/Natural", "ChatGPT", "Vanilla"): (81.50, 71.00, 67),
    ("LLMBar/Natural", "ChatGPT", "CoT"): (74.00, 64.00, 56),
    ("LLMBar/Adversarial/Manual", "GPT-4", "Vanilla"): (80.43, 82.61, 33),
    ("LLMBar/Adversarial/Manual", "GPT-4", "CoT"): (73.91, 82.61, 30),
    ("LLMBar/Adversarial/Manual", "ChatGPT", "Vanilla"): (34.78, 52.17, 5),
    ("LLMBar/Adversarial/Manual", "ChatGPT", "CoT"): (35.87, 50.00, 5),
}
SIDES = {1: "a", 2: "b", 0: "tie"}


def label(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    pairs: list[dict[str, Any]],
    recorded: list[dict[str, Any]],
    orders: str = "both",
) -> dict[str, Any]:
    write_jsonl(folder / "pairs.jsonl", pairs)
    write_jsonl(folder / "recorded.jsonl", recorded)
    recipe = folder / "audit.yaml"
    recipe.write_text(
        f"api: 1\njudge: {{use: recorded, orders: {orders}, params: {{file: ./recorded.jsonl}}}}\n"
    )
    command = ["judge", str(recipe), "--pairs", str(folder / "pairs.jsonl")]
    assert main([*command, "--run-dir", str(folder / "run"), "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics == json.loads((folder / "run" / "metrics.json").read_text())
    return dict(metrics)


@pytest.mark.parametrize(("subset", "judge", "strategy"), LLMBAR)
def test_llmbar_verdicts_give_the_known_table(
    subset: str,
    judge: str,
    strategy: str,
    real_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = (real_data / "llmbar" / "fixture_small.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    wanted = (subset, judge, strategy)
    rows = [row for row in rows if (row["subset"], row["judge"], row["strategy"]) == wanted]
    texts = [
        {"prompt": row["input"], "response_a": row["output_1"], "response_b": row["output_2"]}
        for row in rows
    ]
    pairs = [
        {**text, "id": str(row["idx"]), "label": SIDES[int(row["label"])]}
        for row, text in zip(rows, texts, strict=True)
        if row["order"] == 0
    ]
    recorded = [
        {
            **text,
            "order": "ba" if row["order"] else "ab",
            "verdict": None if row["winner"] is None else SIDES[int(row["winner"])],
        }
        for row, text in zip(rows, texts, strict=True)
    ]

    metrics = label(tmp_path, capsys, pairs, recorded)

    accuracy, agreement, both_right = LLMBAR[wanted]
    assert round(100 * metrics["accuracy"], 2) == accuracy
    assert round(100 * metrics["position_agreement"], 2) == agreement
    assert metrics["both_right"] == both_right
    assert metrics["abstentions"] == sum(row["winner"] is None for row in rows)


def pandalm(real_data: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((real_data / "pandalm/testset-v1.json").read_text())
    return rows


def pandalm_text(row: dict[str, Any]) -> dict[str, Any]:
    prompt = f"{row['instruction']}\n\n{row['input']}"
    # One response of the original file is the JSON value `true`, and not text.
    return {
        "prompt": prompt,
        "response_a": str(row["response1"]),
        "response_b": str(row["response2"]),
    }


@pytest.mark.parametrize(
    ("one", "other", "kappa"),
    [
        ("annotator1", "annotator2", 0.8520),
        ("annotator1", "annotator3", 0.8789),
        ("annotator2", "annotator3", 0.8617),
    ],
)
def test_pandalm_annotators_agree_as_known(
    one: str,
    other: str,
    kappa: float,
    real_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = pandalm(real_data)
    texts = [pandalm_text(row) for row in rows]
    # The same two texts can stand in several rows with other labels, so each gets its own vote.
    pairs = [
        {
            **text,
            "prompt": f"{number}\n{text['prompt']}",
            "id": str(number),
            "label": SIDES[row[one]],
        }
        for number, (row, text) in enumerate(zip(rows, texts, strict=True))
    ]
    recorded = [
        {**pair, "order": "ab", "verdict": SIDES[row[other]]}
        for pair, row in zip(pairs, rows, strict=True)
    ]

    metrics = label(tmp_path, capsys, pairs, recorded, orders="ab")

    assert round(metrics["kappa"], 4) == kappa


@pytest.mark.parametrize(("garbage", "accuracy"), [("tie", 71.07), (None, 69.77)])
def test_pandalm_gpt35_against_the_majority(
    garbage: str | None,
    accuracy: float,
    real_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = pandalm(real_data)
    judged = json.loads((real_data / "pandalm/gpt-3.5-turbo-testset-v1.json").read_text())
    pairs, recorded = [], []
    for number, (row, said) in enumerate(zip(rows, judged, strict=True)):
        votes = Counter(row[f"annotator{i}"] for i in (1, 2, 3))
        pair = {**pandalm_text(row), "id": str(number), "label": SIDES[votes.most_common(1)[0][0]]}
        pair["prompt"] = f"{number}\n{pair['prompt']}"
        pairs.append(pair)
        verdict = {"1": "a", "2": "b", "Tie": "tie", "garbage": garbage}[said["gpt_result"]]
        recorded.append({**pair, "order": "ab", "verdict": verdict})

    metrics = label(tmp_path, capsys, pairs, recorded, orders="ab")

    assert round(100 * metrics["accuracy"], 2) == accuracy
    assert metrics["abstentions"] == (0 if garbage else 25)
