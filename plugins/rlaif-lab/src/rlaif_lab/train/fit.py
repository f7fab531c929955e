"""Train a small Llama on turns: loss on the assistant's tokens only, in full precision."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Final

from rlaif_lab.train.policy_corpus import Turn
from rlaif_lab.train.tokenizer import LONGEST

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

HEAD: Final = 32
"""Width of an attention head; vLLM's CPU kernels take no narrower one."""

_BATCHES_AT_ONCE: Final = 8
_CLIP: Final = 1.0
_WARM_UP: Final = 0.05
_IGNORED: Final = -100


@dataclass(frozen=True)
class Shape:
    """The size of a model: layers, model width, width of the feed-forward part."""

    layers: int = 4
    width: int = 128
    inner: int = 352


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train: optimiser steps, turns a step, peak learning rate."""

    steps: int
    batch: int
    rate: float


def new_model(tokenizer: PreTrainedTokenizerFast, shape: Shape, seed: int) -> LlamaForCausalLM:
    """Make an untrained model whose weights depend on the seed alone."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.width // HEAD,
        num_key_value_heads=shape.width // HEAD,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def encode(tokenizer: PreTrainedTokenizerFast, turn: Turn) -> tuple[list[int], int]:
    """Token ids of a whole turn, and how many of them are the prompt's."""
    asked = [{"role": "user", "content": turn.user}]
    said = [*asked, {"role": "assistant", "content": turn.assistant}]
    prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
    whole = tokenizer.apply_chat_template(said, tokenize=False)
    return tokenizer.encode(whole), len(tokenizer.encode(prompt))


def _batches(
    tokenizer: PreTrainedTokenizerFast, turns: Iterator[Turn], size: int, rng: Random
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Right-padded ids and labels, both [size, longest]; a batch holds turns of like length."""
    import torch

    while True:
        encoded = [encode(tokenizer, turn) for turn in islice(turns, size * _BATCHES_AT_ONCE)]
        encoded.sort(key=lambda item: len(item[0]))
        groups = [encoded[start : start + size] for start in range(0, len(encoded), size)]
        rng.shuffle(groups)
        for group in groups:
            longest = max(len(ids) for ids, _ in group)
            ids = torch.full((size, longest), tokenizer.pad_token_id or 0)
            labels = torch.full((size, longest), _IGNORED)
            for row, (tokens, prompt) in enumerate(group):
                ids[row, : len(tokens)] = torch.tensor(tokens)
                labels[row, prompt : len(tokens)] = torch.tensor(tokens[prompt:])
            yield ids, labels


def _loss(model: LlamaForCausalLM, ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy in nats over the labelled tokens."""
    from torch.nn.functional import cross_entropy

    # Padding stands on the right, so the causal mask alone hides it; and only the labelled
    # positions go through the head, which is most of the cost of a model this small.
    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
    kept = labels[:, 1:] != _IGNORED
    return cross_entropy(model.lm_head(hidden[kept]), labels[:, 1:][kept])


def fit(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    turns: Iterator[Turn],
    schedule: Schedule,
    seed: int,
    name: str,
) -> float:
    """Train a model in place by AdamW on a one-cycle schedule, with progress on stderr.

    Args:
        model: What to train.
        tokenizer: Its tokenizer, with a chat template.
        turns: An endless stream of turns.
        schedule: Steps, batch and peak learning rate.
        seed: Orders the batches.
        name: What the progress lines call the model.

    Returns:
        Seconds of wall time.
    """
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), schedule.rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, schedule.rate, total_steps=schedule.steps, pct_start=_WARM_UP
    )
    begun = time.perf_counter()
    batches = _batches(tokenizer, turns, schedule.batch, Random(seed))
    smooth = 0.0
    for step, (ids, labels) in enumerate(islice(batches, schedule.steps), start=1):
        loss = _loss(model, ids.to(device), labels.to(device))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
        optimizer.step()
        cycle.step()
        smooth = loss.item() if step == 1 else 0.95 * smooth + 0.05 * loss.item()
        if step % 50 == 0 or step == schedule.steps:
            spent = time.perf_counter() - begun
            left = spent / step * (schedule.steps - step)
            print(
                f"{name}: step {step}/{schedule.steps}, loss {smooth:.3f}, {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )
    model.to("cpu").eval()
    return time.perf_counter() - begun
