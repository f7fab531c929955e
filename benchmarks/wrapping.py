"""Overhead of a recipe on top of TRL: reward model and DPO, against a script of TRL's trainers.

    python benchmarks/wrapping.py [--model FOLDER] [--prompts 96] [--epochs 2] [--repeats 3]
                                  [--together]

A recipe labels random responses once (both parts are local code and ask no model). Then, by
turns, `rlaif run` goes on from a copy of that run, with a reward model or with DPO, and a script
trains on the same preferences from the same checkpoint with the same settings. Each is a process
of its own, measured whole, imports and saving included: wall-clock time, processor time, and the
most memory it held. Without --model it takes the lab's policy. On a machine that is busy with other
things, --together runs both sides at the same time, a core each, swapped every turn.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

PARTS = '''
import random

from rlaif_core.api import PointwiseJudge, Response, Sampler, Score

WORDS = "stone river apple cloud seven under green please thanks count the sum of words".split()


class RandomWords(Sampler):
    """Responses of random words."""

    async def sample(self, prompt):
        found = []
        for index in range(8):
            rng = self.context.rng(prompt.id, index)
            text = " ".join(rng.choices(WORDS, k=rng.randint(16, 32)))
            found.append(Response.of(prompt, text, index))
        return found


class Polite(PointwiseJudge):
    """Counts a word, noisily."""

    async def score(self, prompt, response, vote=0):
        noise = self.context.rng(prompt.id, response.text).random()
        return Score(response.text.count("please") + noise)
'''

RECIPE = {
    "api": 1,
    "name": "wrapping",
    "policy": {"use": "transformers"},
    "prompts": {"train": {"use": "lab"}},
    "sampler": {"use": "./parts.py:RandomWords"},
    "judge": {"use": "./parts.py:Polite"},
    "pairing": {"use": "all"},
    "heldout_share": 0.0,
    "evaluators": [],
}

STAGES = ("reward model", "DPO")


def settings(options: argparse.Namespace) -> dict[str, object]:
    """Settings of both sides."""
    return {
        "learning_rate": 3e-4,
        "num_train_epochs": options.epochs,
        "per_device_train_batch_size": 16,
        "lr_scheduler_type": "linear",
        "logging_steps": 10,
        "bf16": False,
        "gradient_checkpointing": False,
    }


@dataclass(frozen=True)
class Cost:
    """Cost of one process: seconds, processor seconds, and peak memory in MB."""

    wall: float
    processor: float
    memory: float


def main() -> None:
    options = arguments()
    if options.bare:
        bare(options)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model = options.model or lab_policy()
        labelled = label(folder, model, options)
        rows = preferences(labelled)
        load = os.getloadavg()[0]
        print(f"{rows} preferences, {options.epochs:g} epochs, {options.threads} threads, {model}")
        print(f"load average before the first process: {load:.1f} on {os.cpu_count()} processors")
        for stage in STAGES:
            costs: dict[str, list[Cost]] = {"script": [], "recipe": []}
            for turn in range(options.repeats):
                for side, cost in zip(
                    costs, turned(turn, stage, folder, model, options), strict=True
                ):
                    costs[side].append(cost)
            tell(stage, costs)
        print(f"\nload average after the last process: {os.getloadavg()[0]:.1f}")


def turned(
    turn: int, stage: str, folder: Path, model: Path, options: argparse.Namespace
) -> list[Cost]:
    """Costs of script and recipe in one turn; every other turn the recipe is first."""
    cores = (turn % 2, 1 - turn % 2) if options.together else (None, None)
    placed = [argparse.Namespace(**vars(options), core=core) for core in cores]
    with ThreadPoolExecutor(2 if options.together else 1) as pool:
        sides = [(script, placed[0]), (recipe, placed[1])]
        begun = [
            (run, pool.submit(run, stage, folder, model, where))
            for run, where in (sides, sides[::-1])[turn % 2]
        ]
    found = {run: future.result() for run, future in begun}
    return [found[script], found[recipe]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="folder of a chat model")
    parser.add_argument("--prompts", type=int, default=96, help="28 preferences each")
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--together", action="store_true", help="both sides at once, a core each")
    parser.add_argument("--bare", choices=STAGES, help="be the script of this stage (internal)")
    parser.add_argument("--data", type=Path, help="folder of preferences (with --bare)")
    parser.add_argument("--output", type=Path, help="folder to save to (with --bare)")
    return parser.parse_args()


def lab_policy() -> Path:
    from rlaif_lab.shipped import model_path

    return model_path("policy")


def label(folder: Path, model: Path, options: argparse.Namespace) -> Path:
    """A run with preferences and nothing trained."""
    (folder / "parts.py").write_text(PARTS)
    write_recipe(folder / "label.yaml", model, options)
    cost("rlaif", folder / "label.yaml", folder / "labelled", options)
    return folder / "labelled"


def write_recipe(file: Path, model: Path, options: argparse.Namespace, **sections: object) -> None:
    made = json.loads(json.dumps(RECIPE)) | sections
    made["policy"]["params"] = {"path": str(model)}
    made["prompts"]["train"]["params"] = {"n": options.prompts}
    file.write_text(json.dumps(made))  # which is YAML


def preferences(run: Path) -> int:
    import pyarrow.parquet as pq

    return pq.ParquetFile(run / "round-0" / "preferences" / "train.parquet").metadata.num_rows


def recipe(stage: str, folder: Path, model: Path, options: argparse.Namespace) -> Cost:
    """Go on from a copy of the labelled run."""
    section = {
        "reward model": {"reward_model": {"use": "trl", "params": settings(options)}},
        "DPO": {"optimizer": {"use": "dpo", "params": settings(options) | {"soft_labels": False}}},
    }
    write_recipe(folder / "train.yaml", model, options, **section[stage])
    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(folder / "labelled", run)
    return cost("rlaif", folder / "train.yaml", run, options)


def script(stage: str, folder: Path, model: Path, options: argparse.Namespace) -> Cost:
    """Run this file as the bare script."""
    output = folder / "bare"
    shutil.rmtree(output, ignore_errors=True)
    data = folder / "labelled" / "round-0" / "preferences"
    arguments = ["--bare", stage, "--data", data, "--output", output, "--model", model]
    return process([sys.executable, __file__, *arguments, "--epochs", options.epochs], options)


def cost(command: str, file: Path, run: Path, options: argparse.Namespace) -> Cost:
    options_of_run = ["--run-dir", run, "--accept-changes", "--allow-local-code"]
    made = [sys.executable, "-m", "rlaif_core.cli", "run", file, *options_of_run]
    return process(made, options)


def process(command: list[object], options: argparse.Namespace) -> Cost:
    """Run a command to its end and measure it.

    Each has a cache of its own: a script would else find what an earlier turn had tokenised, and
    the reference's outputs.
    """
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory() as cache:
        environ = os.environ | {"OMP_NUM_THREADS": str(options.threads), "HF_HUB_OFFLINE": "1"}
        environ["HF_HOME"] = cache
        start = time.perf_counter()
        child = subprocess.Popen(words, env=environ, stdout=output, stderr=output)
        if getattr(options, "core", None) is not None:
            os.sched_setaffinity(child.pid, {options.core})
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        if status:
            output.seek(0)
            sys.stderr.buffer.write(output.read())
            raise SystemExit(f"failed: {' '.join(words)}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def tell(stage: str, costs: dict[str, list[Cost]]) -> None:
    print(f"\n{stage:16}{'script':>24}{'recipe':>24}{'ratio':>8}")
    for name, unit in (("wall", "s"), ("processor", "s"), ("memory", "MB")):
        values = {side: [getattr(cost, name) for cost in of] for side, of in costs.items()}
        middle = {side: statistics.median(of) for side, of in values.items()}
        cells = [
            f"{middle[side]:.1f} {unit} ({min(values[side]):.1f}-{max(values[side]):.1f})"
            for side in ("script", "recipe")
        ]
        ratio = middle["recipe"] / middle["script"]
        print(f"{name:16}{cells[0]:>24}{cells[1]:>24}{ratio:8.3f}")


def bare(options: argparse.Namespace) -> None:
    """The plain script."""
    import torch
    from datasets import load_dataset
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
    )
    from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

    torch.manual_seed(0)
    data = load_dataset("parquet", data_files=str(options.data / "*.parquet"), split="train")
    data = data.select_columns(["prompt", "chosen", "rejected"])
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    common = settings(options) | {
        "output_dir": str(options.output),
        "max_length": None,
        "use_cpu": True,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "seed": 0,
    }
    if options.bare == "reward model":
        model = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=1)
        trainer = RewardTrainer(
            model=model,
            args=RewardConfig(**common, center_rewards_coefficient=0.01),
            train_dataset=data,
            processing_class=tokenizer,
        )
    else:
        trainer = DPOTrainer(
            model=AutoModelForCausalLM.from_pretrained(options.model),
            args=DPOConfig(**common, precompute_ref_log_probs=True, beta=0.1),
            train_dataset=data,
            processing_class=tokenizer,
        )
    trainer.train()
    trainer.save_model(str(options.output))


if __name__ == "__main__":
    main()
