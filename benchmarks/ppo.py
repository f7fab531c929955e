"""PPO: ours against TRL 1.12's PPOTrainer, on the lab's policy with its gold score as the reward.

    python benchmarks/ppo.py --trl-python PATH [--steps 8] [--repeats 3]

PATH is the python of an environment with trl==1.12.*, torch and transformers; without it only ours
is measured. Both sides take the same prompts, batch, epochs, optimizer, schedule and coefficients,
run by turns, one thread each, and start from a value model that says 0. Seconds are those of the
processor and of the clock, from the first step to the last, without imports and loading. Both
policies are then judged here, by the same code, on held-out prompts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETTINGS = {
    "learning_rate": 1e-4,
    "per_device_train_batch_size": 16,
    "num_mini_batches": 4,
    "num_ppo_epochs": 4,
    "local_rollout_forward_batch_size": 64,
    "kl_coef": 0.02,
    "cliprange": 0.2,
    "cliprange_value": 0.2,
    "vf_coef": 0.1,
    "gamma": 1.0,
    "lam": 0.95,
    "temperature": 1.0,
    "whiten_rewards": False,
    "lr_scheduler_type": "linear",
    "optim": "adamw_torch",
    "max_grad_norm": 0.0,  # TRL's PPOTrainer clips no gradient
}
BATCH = SETTINGS["per_device_train_batch_size"] * SETTINGS["num_mini_batches"]
RESPONSE = 48


def main() -> None:
    options = arguments()
    if options.side:
        work = {"ours": ours, "trl": trl}[options.side]
        data = json.loads(options.data.read_text())
        print(json.dumps(work(data, options.steps, options.seed, options.output)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        compare(options, Path(scratch))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trl-python", help="python of an environment with trl==1.12.*")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--side", choices=("ours", "trl"), help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(options: argparse.Namespace, scratch: Path) -> None:
    from rlaif_lab.world import generate

    data = scratch / "data.json"
    prompts = generate("train", BATCH * options.steps, 0)
    data.write_text(
        json.dumps([[prompt.id, prompt.text, dict(prompt.truth)] for prompt in prompts])
    )
    sides = {"ours": sys.executable}
    if options.trl_python:
        sides["trl"] = options.trl_python
    found: dict[str, list[dict]] = {side: [] for side in sides}
    for repeat in range(options.repeats):
        for side, python in sides.items():
            output = scratch / f"{side}{repeat}"
            found[side].append(measured(side, python, data, options.steps, repeat, output))
    print(f"{options.steps} steps of {BATCH} episodes, one thread; medians of {options.repeats}")
    for side, runs in found.items():
        cpu, clock = (
            statistics.median(1000 * run[name] / (BATCH * options.steps) for run in runs)
            for name in ("cpu", "clock")
        )
        print(f"{side:5} {cpu:7.1f} ms of the processor an episode, {clock:7.1f} ms of the clock")
        print("      gold, nats: " + "  ".join(f"{r['gold']:.3f}, {r['kl']:.2f}" for r in runs))


def measured(side: str, python: str, data: Path, steps: int, seed: int, output: Path) -> dict:
    """One side in a process of its own, and its policy judged."""
    import rlaif_lab

    where = str(Path(rlaif_lab.__file__).parents[1])
    command = [python, __file__, f"--side={side}", f"--steps={steps}", f"--seed={seed}"]
    finished = subprocess.run(
        [*command, f"--data={data}", f"--output={output}"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": where},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {**json.loads(finished.stdout.splitlines()[-1]), **judged(output)}


def judged(folder: Path) -> dict[str, float]:
    """Gold score and divergence from the start, both on held-out prompts."""
    import torch

    from rlaif_core.api import Message
    from rlaif_lab.shipped import model_path
    from rlaif_lab.world import generate, gold
    from rlaif_trl.model.chat import ChatEncoder
    from rlaif_trl.model.checkpoint import load_causal, load_tokenizer
    from rlaif_trl.model.sampling import Draw, sample
    from rlaif_trl.policy.divergence import kl_of_responses

    prompts = generate("heldout", 256, 1)
    tokenizer, policy = load_tokenizer(str(folder)), load_causal(str(folder), "float32")
    encoder = ChatEncoder(tokenizer, 1024)
    tokens = encoder.encode_prompts(
        [(Message("user", prompt.text),) for prompt in prompts], RESPONSE
    )
    torch.manual_seed(0)
    responses = sample(policy, tokenizer, tokens, Draw(RESPONSE))
    reference = load_causal(str(model_path("policy")), "float32")
    nats = kl_of_responses(policy, reference, tokens, responses, tokenizer.pad_token_id)
    texts = tokenizer.batch_decode(responses, skip_special_tokens=True)
    scores = [gold(prompt.truth, text) for prompt, text in zip(prompts, texts, strict=True)]
    return {"gold": statistics.mean(scores), "kl": statistics.mean(nats)}


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.process_time(), time.perf_counter()

    def read(self) -> dict[str, float]:
        return {
            "cpu": time.process_time() - self._start[0],
            "clock": time.perf_counter() - self._start[1],
        }


def ours(data: list, steps: int, seed: int, output: Path) -> dict[str, float]:
    from rlaif_core.api import Message, Prompt, TrainingJob
    from rlaif_lab.shipped import model_path
    from rlaif_lab.world import gold
    from rlaif_trl.ppo.optimizer import PPO
    from rlaif_trl.ppo.trainer import PPOTrainer

    clocks: list[dict[str, float]] = []
    train = PPOTrainer.train

    def timed(self: PPOTrainer, resume_from_checkpoint: bool = False) -> None:
        clock = Clock()
        train(self, resume_from_checkpoint)
        clocks.append(clock.read())

    PPOTrainer.train = timed
    start = str(model_path("policy"))
    job = TrainingJob(
        checkpoint=start,
        reference=start,
        preferences=output,
        heldout=frozenset(),
        prompts=[
            Prompt(prompt_id, (Message("user", text),), truth) for prompt_id, text, truth in data
        ],
        output=output,
        seed=seed,
        scorer=lambda prompts, texts: [
            gold(prompt.columns, text) for prompt, text in zip(prompts, texts, strict=True)
        ],
    )
    PPO(PPO.Params(**SETTINGS, max_completion_length=RESPONSE, max_steps=steps)).train(job)
    return clocks[0]


def trl(data: list, steps: int, seed: int, output: Path) -> dict[str, float]:
    import torch
    from datasets import Dataset
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
    )
    from trl.experimental.ppo import PPOConfig, PPOTrainer, ppo_trainer

    from rlaif_lab.gold import gold
    from rlaif_lab.shipped import model_path

    torch.set_num_threads(1)
    start = str(model_path("policy"))
    tokenizer = AutoTokenizer.from_pretrained(start, padding_side="left")
    policy, reference = (AutoModelForCausalLM.from_pretrained(start) for _ in range(2))
    value = AutoModelForSequenceClassification.from_pretrained(start, num_labels=1)
    torch.nn.init.zeros_(value.score.weight)
    rows = []
    truths = {}
    for _, text, truth in data:
        turns = [{"role": "user", "content": text}]
        ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True)["input_ids"]
        truths[tuple(ids)] = truth
        rows.append({"input_ids": ids})
    from_a_model = ppo_trainer.get_reward

    class Gold(torch.nn.Module):
        """Stands where TRL wants a reward model."""

    def get_reward(model, query_responses, pad, context_length):
        if not isinstance(model, Gold):
            return from_a_model(model, query_responses, pad, context_length)
        scores = []
        for row in query_responses.tolist():
            prompt = tuple(token for token in row[:context_length] if token != pad)
            text = tokenizer.decode(row[context_length:], skip_special_tokens=True)
            scores.append(gold(truths[prompt], text))
        return None, torch.tensor(scores), None

    ppo_trainer.get_reward = get_reward
    trainer = PPOTrainer(
        args=PPOConfig(
            output_dir=str(output / "trainer"),
            # TRL's batch is this times gradient_accumulation_steps; num_mini_batches split it.
            **{**SETTINGS, "per_device_train_batch_size": BATCH},
            seed=seed,
            response_length=RESPONSE,
            stop_token="eos",
            total_episodes=BATCH * steps,
            num_sample_generations=0,
            gradient_checkpointing=False,
            bf16=False,
            use_cpu=True,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
        ),
        processing_class=tokenizer,
        model=policy,
        ref_model=reference,
        reward_model=Gold(),
        value_model=value,
        train_dataset=Dataset.from_list(rows),
    )
    clock = Clock()
    trainer.train()
    seconds = clock.read()
    policy.save_pretrained(output)
    tokenizer.save_pretrained(output)
    return seconds


if __name__ == "__main__":
    main()
