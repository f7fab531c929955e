"""Every optimizer on the lab, from one start and one budget; writes the table of the docs.

    python benchmarks/optimizers.py --work FOLDER --output docs/reference/optimizers.md

All learn from the prompts of recipes/quickstart.yaml, the same four responses each and the same
verdicts (the runs share a cache). What learns online is rewarded by the reward model trained on
those verdicts, and draws as many responses anew. With `--coin` the judge flips a coin instead.
Results are kept in WORK/results.jsonl, and what stands there is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
QUICKSTART = ROOT / "recipes" / "quickstart.yaml"

PAIRS = {"num_train_epochs": 2, "per_device_train_batch_size": 16, "learning_rate": 3e-4}
ONLINE = {"per_device_train_batch_size": 32, "num_generations": 4, "learning_rate": 2e-4}

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "dpo": {**PAIRS, "beta": 0.5},
    "dpo, ipo": {**PAIRS, "loss_type": "ipo", "beta": 0.5},
    "kto": {**PAIRS, "beta": 0.5},
    "orpo": {**PAIRS},
    "simpo": {**PAIRS},
    "cpo": {**PAIRS},
    "sft": {**PAIRS},
    "rejection": {"learning_rate": 3e-4, "per_device_train_batch_size": 16},
    "grpo": {**ONLINE, "beta": 0.05},
    "grpo, dr_grpo": {**ONLINE, "beta": 0.05, "loss_type": "dr_grpo", "scale_rewards": "none"},
    "rloo": {**ONLINE, "beta": 0.05},
    "online-dpo": {**PAIRS, "beta": 0.5},
    "ppo": {"learning_rate": 2e-4},
}
"""A row each; what stands before a comma is the optimizer's name."""

LEARN_ONLINE = ("rejection", "grpo", "rloo", "online-dpo", "ppo")


@dataclass(frozen=True)
class Result:
    """One run.

    Attributes:
        row: A name in `OPTIMIZERS`.
        judge: "lab" or "coin".
        seed: The run's seed.
        before: Gold score of the base, in [0, 1].
        after: Gold score of the policy.
        win_rate: Gold win rate over the base.
        low: Lower end of its 95 % interval.
        high: Upper end.
        kl: From the base, in nats a response.
        seconds: Training, with the reward model where it is needed.
        megabytes: Peak memory of the process.
        load: Of the machine when the run ended, per minute.
    """

    row: str
    judge: str
    seed: int
    before: float
    after: float
    win_rate: float
    low: float
    high: float
    kl: float
    seconds: float
    megabytes: float
    load: float


def recipe(row: str, judge: str, seed: int, prompts: int) -> dict[str, Any]:
    """The quickstart with another optimizer."""
    found: dict[str, Any] = yaml.safe_load(QUICKSTART.read_text("utf-8"))
    name = row.partition(",")[0]
    found |= {"name": f"{row}-{judge}-{seed}", "seed": seed}
    found["optimizer"] = {"use": name, "params": OPTIMIZERS[row]}
    found["prompts"]["train"]["params"]["n"] = prompts
    found["evaluators"] = [{"use": "kl"}, {"use": "gold"}]
    if name not in LEARN_ONLINE:
        del found["reward_model"]
    if judge == "coin":
        found["judge"] = {"use": "./coin.py:Coin"}
    return found


def run(row: str, judge: str, seed: int, prompts: int, work: Path) -> Result:
    """Run one recipe by the real command in a process of its own."""
    name = f"{row.replace(', ', '-')}-{judge}-{seed}"
    file = work / f"{name}.yaml"
    file.write_text(yaml.safe_dump(recipe(row, judge, seed, prompts)), encoding="utf-8")
    command = [sys.executable, "-m", "rlaif_core.cli", "run", str(file), "--json"]
    command += ["--run-dir", str(work / name), "--cache-dir", str(work / "cache")]
    command += ["--allow-local-code"]
    log = work / f"{name}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=_environment()
        )
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{name} failed: {log.read_text('utf-8')[-400:]}")
    metrics = json.loads(out)
    policy = metrics["rounds"][0]["policy"]
    won = policy["gold_win_rate"]
    return Result(
        row,
        judge,
        seed,
        policy["gold_score"]["before"],
        policy["gold_score"]["after"],
        won["value"],
        won["low"],
        won["high"],
        policy["kl"],
        metrics["seconds"].get("reward_model", 0.0) + metrics["seconds"]["optimize"],
        usage.ru_maxrss / 1024,
        os.getloadavg()[0],
    )


def _environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1"}


def table(results: list[Result], prompts: int) -> str:
    """The page: one row an optimizer, means over seeds, and each seed's win rate."""
    lab = [result for result in results if result.judge == "lab"]
    coin = [result for result in results if result.judge == "coin"]
    seeds = sorted({result.seed for result in lab})
    lines = [
        "# Optimizers compared",
        "",
        "Written by `python benchmarks/optimizers.py`; see there for the settings. Each optimizer "
        f"starts from the lab's policy and learns from {prompts} prompts with four responses each "
        "and the lab judge's verdicts on them; what learns online is rewarded by a reward model "
        "trained on those verdicts. Gold is the lab's own truth, which no judge and no trainer "
        "sees, on 200 held-out prompts. Values are means over the seeds "
        f"{', '.join(map(str, seeds))}; win rates are given for each, with their 95 % intervals.",
        "",
        "| optimizer | gold score | gold win rate | KL, nats | training, s | memory, MB "
        "| win rate after coin flips |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in OPTIMIZERS:
        mine = sorted(
            (result for result in lab if result.row == row), key=lambda result: result.seed
        )
        flipped = sorted(
            (result for result in coin if result.row == row), key=lambda result: result.seed
        )
        if not mine:
            continue
        lines.append(
            f"| {row} | {mean(result.before for result in mine):.3f} → "
            f"{mean(result.after for result in mine):.3f} | {'<br>'.join(map(won, mine))} | "
            f"{mean(result.kl for result in mine):.2f} | "
            f"{mean(result.seconds for result in mine):.0f} | "
            f"{max(result.megabytes for result in mine):.0f} "
            f"| {'<br>'.join(map(won, flipped)) or 'not run'} |"
        )
    loads = [result.load for result in results]
    lines += [
        "",
        f"Two cores; the load average was {min(loads):.1f} to {max(loads):.1f}, so seconds compare "
        "only roughly.",
        "",
    ]
    return "\n".join(lines)


def won(result: Result) -> str:
    """A gold win rate with its interval."""
    return f"{result.win_rate:.3f} [{result.low:.3f}, {result.high:.3f}]"


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--prompts", type=int, default=320)
    parser.add_argument("--only", nargs="+", choices=OPTIMIZERS, default=list(OPTIMIZERS))
    parser.add_argument("--coin", action="store_true", help="run the coin flips, not the judge")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "benchmarks" / "coin.py", args.work)
    kept = args.work / "results.jsonl"
    results = (
        [Result(**json.loads(line)) for line in kept.read_text().splitlines()]
        if kept.exists()
        else []
    )
    there = {(result.row, result.judge, result.seed) for result in results}
    judge = "coin" if args.coin else "lab"
    missing = [
        (row, judge, seed)
        for seed in args.seeds
        for row in args.only
        if (row, judge, seed) not in there
    ]

    def work(task: tuple[str, str, int]) -> None:
        began = time.monotonic()
        result = run(*task, args.prompts, args.work)
        results.append(result)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")
        print(
            f"{result.row:<16}{judge} seed {result.seed}: gold {result.before:.3f} -> "
            f"{result.after:.3f}, won {result.win_rate:.3f} [{result.low:.3f}, {result.high:.3f}], "
            f"KL {result.kl:.2f}, {time.monotonic() - began:.0f} s",
            flush=True,
        )

    with ThreadPoolExecutor(args.jobs) as pool:
        for future in [pool.submit(work, task) for task in missing]:
            future.result()
    page = table(results, args.prompts)
    if args.output:
        args.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
