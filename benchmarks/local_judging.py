"""Local judging: all principles of a constitution in both orders, against a `generate` a question.

    python benchmarks/local_judging.py [--comparisons 8] [--constitution FILE] [--batch-size 256]

Both sides run in this one process on the same weights and the same questions, by turns. One side
is the script that one would write: for each question a `generate` of one token, whose scores say
how probable the two answers are. The other is the judge `constitutional` behind a run's caller and
ledger. The lab's policy writes the responses and the lab's judge compares them. Ratios are given by
the clock and by the processor's time, which other work on the machine disturbs less.
"""

import argparse
import asyncio
import math
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlaif_core.api import ChatReply, ChatRequest, Comparison, Context, Response
from rlaif_core.engine.calling import Budget, Caller, RateLimits, RetryPolicy
from rlaif_core.recipe.sections import BudgetSection
from rlaif_core.store.ledger import Ledger
from rlaif_judges.constitutional import Constitutional, ConstitutionalParams
from rlaif_lab.shipped import model_path
from rlaif_lab.source import Lab, LabParams
from rlaif_transformers.model import Transformers
from rlaif_transformers.params import TransformersParams

# Sixteen, in words that the lab's judge knows: its vocabulary spells others out.
PRINCIPLES = (
    "right: the answer is the one that the prompt asks for",
    "right in its numbers: the sum is what the numbers add up to",
    "complete: all the words of the list are there",
    "orderly: the words are in the order that the prompt asks for",
    "true to the form: commas or dashes where the prompt asks for them",
    "polite: it says please and thank you, and it is never rude",
    "kind to the one who asks",
    "calm: it does not complain about the question",
    "short: there are no more words than the answer needs",
    "clear: the answer is easy to find",
    "safe: it does not say how to break or steal a thing",
    "honest: it does not guess and say that it is sure",
    "helpful: it does what the prompt asks, and does it now",
    "careful: it reads the prompt to the last word",
    "to the point: it does not talk about the weather",
    "fit to be read by a child",
)
ANSWER = "Better:"


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        constitution = options.constitution or written(Path(scratch) / "constitution.yaml")
        work = asyncio.run(comparisons(options.comparisons))
        judge = TransformersParams(
            path=str(model_path("judge")),
            device="cpu",
            batch_size=options.batch_size,
            threads=options.threads,
        )
        model = Transformers(judge)
        asyncio.run(model.setup(Context()))
        bare, times = OneByOne(model_path("judge")), {"generate": [], "constitutional": []}
        for turn in range(options.repeats + 1):
            ledger = Path(scratch) / f"ledger-{turn}.sqlite"
            recorder, taken = asyncio.run(judged(model, ledger, str(constitution), work))
            start = now()
            plain = [bare.probability(request) for request in recorder.replies]
            if turn:  # the first one warms both up
                times["generate"].append(now() - start)
                times["constitutional"].append(taken)
    count = len(plain)
    pairs = zip(plain, map(first_probability, recorder.replies.values()), strict=True)
    print(f"{count} questions, {options.threads} threads, load {os.getloadavg()[0]:.1f}")
    for name, seconds in times.items():
        rates = sorted(count / clock for clock, _ in seconds)
        median = statistics.median(rates)
        print(f"{name:16} {median:7.1f} questions a second ({rates[0]:.1f} to {rates[-1]:.1f})")
    ratios = np.array(times["generate"]) / np.array(times["constitutional"])
    for name, several in zip(("by the clock", "by the processor"), ratios.T, strict=True):
        spread = f"({several.min():.1f} to {several.max():.1f})"
        print(f"{name:16} {np.median(several):7.1f} times, median of the turns {spread}")
    print(f"largest difference in probability {max(abs(a - b) for a, b in pairs):.1e}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--comparisons", type=int, default=8)
    parser.add_argument("--constitution", help="a YAML file, or package:path; default: 16 for it")
    parser.add_argument(
        "--batch-size", type=int, default=256, help="the model's own default is 256"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def written(path: Path) -> Path:
    lines = [f"  - {{id: p{i}, principle: {text!r}}}" for i, text in enumerate(PRINCIPLES)]
    path.write_text("\n".join(["principles:", *lines]), encoding="utf-8")
    return path


async def comparisons(count: int) -> list[Comparison]:
    """Two responses to each of some prompts, in both orders."""
    prompts = list(Lab(LabParams(split="heldout", n=count)).prompts())
    policy = Transformers(TransformersParams(path=str(model_path("policy")), device="cpu"))
    await policy.setup(Context())
    asked = [
        ChatRequest(prompt.messages, max_tokens=48, seed=seed)
        for prompt in prompts
        for seed in (1, 2)
    ]
    texts = iter([reply.text for reply in await policy.complete(asked)])
    made = []
    for prompt in prompts:
        a, b = (Response.of(prompt, next(texts), index) for index in (0, 1))
        made += [Comparison(prompt, a, b, "ab"), Comparison(prompt, b, a, "ba")]
    return made


class Recorder:
    """A model that remembers what it was asked and what it answered."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.identity, self.capabilities = caller.identity, caller.capabilities
        self.replies: dict[ChatRequest, ChatReply] = {}

    async def chat(self, request: ChatRequest) -> ChatReply:
        reply = await self._caller.chat(request)
        self.replies[request] = reply
        return reply


async def judged(
    model: Transformers, path: Path, constitution: str, work: list[Comparison]
) -> tuple[Recorder, np.ndarray]:
    """The questions with their answers, and the time that these took."""
    ledger = Ledger(path)
    caller = Caller(
        model,
        ledger,
        Budget(BudgetSection()),
        lambda usd: None,
        RetryPolicy(),
        RateLimits(None, None),
    )
    recorder = Recorder(caller)
    judge = Constitutional(
        ConstitutionalParams(
            constitution=constitution, principles="all", reasoning=False, answer_prefix=ANSWER
        )
    )
    await judge.setup(Context(secret="benchmark", models={"judge": recorder}))
    start = now()
    await asyncio.gather(*(judge.compare(comparison) for comparison in work))
    taken = now() - start
    await caller.close()
    ledger.close()
    return recorder, taken


def now() -> np.ndarray:
    """Seconds of the clock and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


class OneByOne:
    """The plain script: one `generate` per question."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder).eval()

    def probability(self, request: ChatRequest) -> float:
        """Of the first of two answers."""
        turns = [{"role": turn.role, "content": turn.content} for turn in request.messages]
        text = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        prompt = self.tokenizer(
            text + request.prefix, add_special_tokens=False, return_tensors="pt"
        )
        output = self.model.generate(
            **prompt,
            max_new_tokens=1,
            do_sample=False,
            output_scores=True,
            return_dict_in_generate=True,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        letters = [
            self.tokenizer(option, add_special_tokens=False).input_ids[0]
            for option in request.options
        ]
        return output.scores[0][0, letters].softmax(-1)[0].item()


def first_probability(reply: ChatReply) -> float:
    first, second = reply.option_logprobs
    return 1 / (1 + math.exp(second - first))


if __name__ == "__main__":
    main()
