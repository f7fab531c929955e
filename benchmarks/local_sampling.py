"""Local sampling: the `transformers` model of a recipe against one prompt at a time.

    python benchmarks/local_sampling.py [--model FOLDER] [--requests 256] [--threads 1]

Both sides run in this one process on the same prompts and weights, by turns. One side is a bare
loop over `generate`, the other sends all requests at once and leaves the batching to the model.
Without --model it takes the lab's policy, or a random Llama of that shape if there is no lab.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlaif_core.api import ChatReply, ChatRequest, Context, Message
from rlaif_transformers.model import Transformers
from rlaif_transformers.params import TransformersParams

TASK = "copy these words in order : apple stone river count the sum of 12 and 7 please"
WORDS = TASK.split()


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.model or lab_policy() or random_checkpoint(Path(scratch))
        requests = list(questions(options.requests, options.max_tokens))
        params = TransformersParams(
            path=str(folder),
            device="cpu",
            batch_size=len(requests),
            threads=options.threads,
        )
        ours, bare = Transformers(params), OneByOne(folder)
        asyncio.run(ours.setup(Context()))
        asyncio.run(ours.complete(requests[:8])), bare.complete(requests[:2])  # warm both up
        rates = {"one prompt at a time": [], "length-sorted batches": []}
        for _ in range(options.repeats):
            rates["one prompt at a time"].append(rate(lambda: bare.complete(requests)))
            rates["length-sorted batches"].append(
                rate(lambda: completion_tokens(asyncio.run(ours.complete(requests))))
            )
    slow, fast = (statistics.median(figures) for figures in rates.values())
    print(f"{len(requests)} prompts, {options.threads} threads, {ours.identity}")
    for name, figures in rates.items():
        spread = f"{min(figures):.0f} to {max(figures):.0f}"
        print(f"{name:22} {statistics.median(figures):8.0f} new tokens a second ({spread})")
    print(f"{'ratio of the medians':22} {fast / slow:8.1f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="folder of a chat model")
    parser.add_argument("--requests", type=int, default=256)
    parser.add_argument("--max-tokens", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def questions(count: int, max_tokens: int):
    """Requests of very different lengths, as real prompts have."""
    rng = random.Random(0)
    for seed in range(count):
        text = " ".join(rng.choices(WORDS, k=rng.choice([4, 8, 16, 60])))
        yield ChatRequest((Message("user", text),), max_tokens=max_tokens, seed=seed)


class OneByOne:
    """The plain script: a loop over `generate`."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder).eval()

    def complete(self, requests: list[ChatRequest]) -> int:
        """Answers all requests; returns how many tokens that were."""
        total = 0
        for request in requests:
            turns = [{"role": turn.role, "content": turn.content} for turn in request.messages]
            prompt = self.tokenizer.apply_chat_template(
                turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
            )
            output = self.model.generate(
                **prompt,
                do_sample=True,
                temperature=request.temperature,
                max_new_tokens=request.max_tokens,
                pad_token_id=self.tokenizer.pad_token_id,
            )
            total += output.shape[1] - prompt["input_ids"].shape[1]
        return total


def completion_tokens(replies: list[ChatReply]) -> int:
    return sum(reply.usage.completion_tokens for reply in replies)


def rate(work) -> float:
    """New tokens a second."""
    start = time.perf_counter()
    tokens = work()
    return tokens / (time.perf_counter() - start)


def lab_policy() -> Path | None:
    try:
        from rlaif_lab.shipped import model_path
    except ImportError:
        return None
    folder = model_path("policy")
    return folder if (folder / "model.safetensors").is_file() else None


def random_checkpoint(folder: Path) -> Path:
    """A Llama of the lab's shape with random weights and a byte-level tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    pieces = ["<|pad|>", "<|end|>", "<|turn|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    spaced = [piece for word in WORDS for piece in (word, f"Ġ{word}") if len(piece) > 1]
    pieces += sorted(set(spaced))
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        eos_token="<|end|>",
        additional_special_tokens=["<|turn|>"],
    )
    fast.chat_template = (
        "{% for message in messages %}<|turn|>{{ message.role }}\n{{ message.content }}<|end|>"
        "{% endfor %}{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(pieces),
        hidden_size=128,
        intermediate_size=344,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=1024,
        pad_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
