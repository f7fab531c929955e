"""The quickstart in the lab: what it writes loads elsewhere, and what it learns is the judge's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROMPTS = 160


def play(folder: Path, *overrides: str) -> dict[str, Any]:
    """Run the quickstart's recipe, somewhat smaller, in a process of its own."""
    sets = [
        f"prompts.train.params.n={PROMPTS}",
        "prompts.heldout.params.n=200",
        *overrides,
    ]
    command = [sys.executable, "-m", "rlaif_core.cli", "run", str(ROOT / "recipes/quickstart.yaml")]
    command += ["--run-dir", str(folder), "--json"]
    for override in sets:
        command += ["--set", override]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quickstart") / "run"
    play(folder)
    return folder


@pytest.fixture(scope="module")
def metrics(run_folder: Path) -> dict[str, Any]:
    return dict(json.loads((run_folder / "metrics.json").read_text()))


def test_the_policy_beats_the_base_by_the_gold_scorer(metrics: dict[str, Any]) -> None:
    policy = metrics["rounds"][0]["policy"]
    assert policy["gold_win_rate"]["low"] > 0.5
    assert policy["gold_score"]["after"] > policy["gold_score"]["before"] + 0.05
    assert policy["win_rate"]["value"] > 0.5
    assert 0 < policy["kl"] < 100


def test_the_funnel_adds_up(metrics: dict[str, Any]) -> None:
    (number,) = metrics["rounds"]
    assert number["responses"] == 4 * PROMPTS
    assert number["verdicts"] + number["abstentions"] == number["comparisons"]
    with_reason = sum(number["dropped"].values())
    assert number["preferences"] > 0
    assert with_reason > 0
    pairs = number["comparisons"] // 2
    assert number["preferences"] <= pairs <= 6 * PROMPTS
    not_pairs = {"prompt without a decided pair", "duplicate response", "prompt without responses"}
    dropped = sum(n for why, n in number["dropped"].items() if why not in not_pairs)
    assert number["preferences"] + dropped == pairs
    assert 0.5 < number["judge"]["gold_accuracy"] < 1
    assert 0.5 < number["reward_model"]["accuracy"] <= 1


def test_the_new_policy_loads_by_plain_transformers(run_folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = run_folder / "round-0" / "policy"
    assert list(folder.glob("*.safetensors"))
    assert not [*folder.rglob("*.bin"), *folder.rglob("*.pt")]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is 2 plus 3?"}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    assert model.generate(**asked, max_new_tokens=4).shape[1] > asked["input_ids"].shape[1]


def test_the_preferences_load_by_plain_datasets(run_folder: Path, metrics: dict[str, Any]) -> None:
    from datasets import load_dataset

    folder = run_folder / "round-0" / "preferences"
    rows = load_dataset(str(folder), split="train", cache_dir=str(run_folder / "cache"))
    assert len(rows) == metrics["rounds"][0]["preferences"]
    assert rows[0]["prompt"][-1]["role"] == "user"
    assert rows[0]["chosen"][0]["role"] == rows[0]["rejected"][0]["role"] == "assistant"
    assert all(0.5 < row["p_chosen"] <= 1 for row in rows)


def test_with_a_noisier_judge_the_gain_shrinks(tmp_path: Path, metrics: dict[str, Any]) -> None:
    """A judge whose verdicts are coin flips teaches nothing: the same loop, the same budget."""
    noise = "hooks=[{use: lab-noise, params: {flip: 0.5}}]"
    alone = ("filters=[]", "reward_model=null", "evaluators=[{use: gold}]")
    coin = play(tmp_path / "run", noise, *alone)

    def gain(one: dict[str, Any]) -> float:
        score = one["rounds"][0]["policy"]["gold_score"]
        return float(score["after"] - score["before"])

    assert gain(coin) < 0.5 * gain(metrics)
