"""Tokens a second on one accelerator: sampling, reward scoring, DPO steps and PPO steps.

    python benchmarks/accelerator.py --peak 989e12

The model is made from a configuration, with random weights: about 0.5 billion parameters, in
bfloat16 where the hardware has it, and asked through the components that a recipe names. `--size
tiny` checks the script on any machine. A line gives

- tokens a second: sampled ones, scored ones, or those of the sequences that are trained on;
- the share of `--peak` (the card's dense bfloat16 rate in operations a second) that this is, by
  2 N operations a token forward and 6 N forward and backward, N parameters (Kaplan et al.,
  2001.08361), attention and the vocabulary's embedding left out;
- the most memory that was held, and what weights, gradients and Adam's moments alone come to.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, LlamaConfig

from rlaif_core.api import (
    ChatReply,
    ChatRequest,
    Context,
    Message,
    Metrics,
    Preference,
    Prompt,
    Response,
    TrainingJob,
)
from rlaif_core.store.preferences import write_preferences
from rlaif_lab.shipped import model_path
from rlaif_transformers.model import Transformers
from rlaif_transformers.params import TransformersParams
from rlaif_trl.model.checkpoint import load_tokenizer
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.ppo.optimizer import PPO
from rlaif_trl.reward.scalar_head import ScalarHead

SHAPES: Final = {
    "half-billion": {
        "hidden_size": 1280,
        "intermediate_size": 4096,
        "num_hidden_layers": 22,
        "num_attention_heads": 20,
    },
    "tiny": {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    },
}
WARM: Final = 2
"""Steps that are not timed."""

MiB: Final = 2**20


@dataclass
class Bench:
    """The model and the texts that all measurements share."""

    folder: Path
    options: argparse.Namespace
    parameters: int = 0
    prompts: list[Prompt] = field(default_factory=list)

    def prepare(self) -> None:
        """Make a policy and a reward model of the same shape, and prompts."""
        torch.manual_seed(0)
        tokenizer = load_tokenizer(str(model_path("policy")))
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            max_position_embeddings=4096,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            **SHAPES[self.options.size],
        )
        model = AutoModelForCausalLM.from_config(config)
        self.parameters = sum(
            weights.numel() for name, weights in model.named_parameters() if "layers" in name
        )
        model.save_pretrained(self.policy)
        tokenizer.save_pretrained(self.policy)
        config.num_labels = 1
        reward = AutoModelForSequenceClassification.from_config(config)
        reward.to(torch.bfloat16 if cuda() else torch.float32).save_pretrained(self.reward)
        tokenizer.save_pretrained(self.reward)
        texts = self.texts(self.options.count, self.options.prompt_tokens)
        self.prompts = [Prompt(str(n), (Message("user", text),)) for n, text in enumerate(texts)]

    @property
    def policy(self) -> str:
        return str(self.folder / "policy")

    @property
    def reward(self) -> str:
        return str(self.folder / "reward")

    def texts(self, count: int, words: int) -> list[str]:
        """Texts of about a token a word."""
        rng = random.Random(words)
        return [" ".join(rng.choices(WORDS, k=words)) for _ in range(count)]

    def job(self, name: str, preferences: Path, **rest: Any) -> TrainingJob:
        """A training run of the policy."""
        return TrainingJob(
            checkpoint=self.policy,
            reference=self.policy,
            preferences=preferences,
            heldout=frozenset(),
            prompts=self.prompts,
            output=self.folder / name,
            **rest,
        )

    def report(self, name: str, tokens: float, seconds: float, work: float, states: float) -> None:
        """Print one line.

        Args:
            name: What was measured.
            tokens: So many.
            seconds: In so many seconds.
            work: Operations a parameter, for all of them.
            states: Bytes a parameter that weights, gradients and moments take.
        """
        line = f"{name:<16}{tokens / seconds:10.0f} tokens/s"
        if self.options.peak:
            line += (
                f", {work * self.parameters / seconds / self.options.peak:6.1%} of the peak rate"
            )
        if cuda():
            held, least = torch.cuda.max_memory_allocated(), states * self.parameters
            line += f", {held / MiB:.0f} MiB held, {least / MiB:.0f} by the arithmetic"
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        print(line, flush=True)


WORDS: Final = ("apple", "stone", "river", "count", "sum", "of", "and", "seven", "please", "in")


class Steps:
    """Times the steps of a trainer by what it tells of its progress."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.lengths: list[float] = []

    def __call__(self, done: int, total: int, metrics: Metrics) -> None:
        if len(self.times) < done:
            if cuda():
                torch.cuda.synchronize()
            self.times.append(time.perf_counter())
            self.lengths.append(metrics.get("length", 0.0))

    @property
    def seconds(self) -> float:
        """Of all steps after the first `WARM`."""
        return self.times[-1] - self.times[WARM - 1]

    @property
    def timed(self) -> int:
        """Their number."""
        return len(self.times) - WARM


def cuda() -> bool:
    return torch.cuda.is_available()


def sampling(bench: Bench) -> None:
    """Responses of `--new-tokens` tokens at temperature 1."""
    model = Transformers(TransformersParams(path=bench.policy, dtype=dtype()))
    requests = [
        ChatRequest(prompt.messages, max_tokens=bench.options.new_tokens, seed=seed)
        for seed, prompt in enumerate(bench.prompts)
    ]

    async def asked() -> tuple[int, float]:
        await model.setup(Context())
        await model.complete(requests[:4])
        began = time.perf_counter()
        replies = await model.complete(requests)
        seconds = time.perf_counter() - began
        await model.close()
        answered = [reply for reply in replies if isinstance(reply, ChatReply)]
        return sum(reply.usage.completion_tokens for reply in answered), seconds

    tokens, seconds = asyncio.run(asked())
    bench.report("sampling", tokens, seconds, 2 * tokens, width())


def scoring(bench: Bench) -> None:
    """Rewards of responses."""
    model = ScalarHead(ScalarHead.Params())
    model.load(bench.reward)
    responses = bench.texts(len(bench.prompts), bench.options.new_tokens)
    model.score(bench.prompts[:4], responses[:4])
    began = time.perf_counter()
    model.score(bench.prompts, responses)
    seconds = time.perf_counter() - began
    tokens = len(bench.prompts) * (bench.options.prompt_tokens + bench.options.new_tokens)
    bench.report("reward scoring", tokens, seconds, 2 * tokens, width())


def dpo(bench: Bench) -> None:
    """Steps on pairs, the reference asked before."""
    size, steps, folder = bench.options.batch, bench.options.steps, bench.folder / "preferences"
    folder.mkdir()
    write_preferences(folder, pairs(bench, size * steps))
    timed = Steps()
    params = DPO.Params(
        per_device_train_batch_size=size, max_steps=steps, logging_steps=1, dtype="float32"
    )
    DPO(params).train(bench.job("dpo", folder, progress=timed))
    sequence = bench.options.prompt_tokens + bench.options.new_tokens
    tokens = 2 * size * timed.timed * sequence
    bench.report("DPO", tokens, timed.seconds, 6 * tokens, 16)


def pairs(bench: Bench, count: int) -> Iterator[Preference]:
    texts = iter(bench.texts(2 * count, bench.options.new_tokens))
    for number in range(count):
        prompt = bench.prompts[number % len(bench.prompts)]
        better, worse = Response.of(prompt, next(texts)), Response.of(prompt, next(texts), 1)
        yield Preference(prompt, better, worse, p_chosen=0.9, agreement=1.0, votes=1)


def ppo(bench: Bench) -> None:
    """Steps of sampling, asking all networks, and one pass of updates."""
    size, steps = bench.options.batch, bench.options.steps
    timed = Steps()

    def score(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float]:
        return [float(text.count("a")) for text in texts]

    params = PPO.Params(
        per_device_train_batch_size=size,
        num_mini_batches=2,
        num_ppo_epochs=1,
        max_steps=steps,
        max_completion_length=bench.options.new_tokens,
        local_rollout_forward_batch_size=2 * size,
    )
    PPO(params).train(bench.job("ppo", bench.folder, progress=timed, scorer=score))
    episodes = 2 * size * timed.timed
    new = episodes * sum(timed.lengths[WARM:]) / timed.timed
    read = episodes * bench.options.prompt_tokens + new
    # Sampling, then policy, reference and value are asked once, then policy and value learn.
    work = 2 * new + 3 * 2 * read + 2 * 6 * read
    bench.report("PPO", read, timed.seconds, work, 2 * 16 + 4)


def dtype() -> str:
    return "bfloat16" if cuda() else "float32"


def width() -> int:
    """Bytes of a weight that only answers."""
    return 2 if cuda() else 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SHAPES, default="half-billion")
    parser.add_argument("--peak", type=float, help="operations a second, such as 989e12")
    parser.add_argument("--count", type=int, default=512, help="prompts to sample and to score")
    parser.add_argument("--prompt-tokens", type=int, default=128)
    parser.add_argument("--new-tokens", type=int, default=256)
    parser.add_argument("--batch", type=int, default=32, help="pairs, or responses, a pass")
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), options)
        bench.prepare()
        name = torch.cuda.get_device_name() if cuda() else "CPU"
        print(f"{name}, {bench.parameters / 1e6:.1f} million parameters, {dtype()}")
        for measure in (sampling, scoring, dpo, ppo):
            measure(bench)


if __name__ == "__main__":
    main()
