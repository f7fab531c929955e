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
_WARM_UP: Final = 30
_LAST_RATE: Final = 0.03
_REPORT_EVERY: Final = 50
_IGNORED: Final = -100
_INITIAL: Final = 0.08
"""Standard deviation of new weights, about 1 / sqrt(width): the usual 0.02 suits wide models and
keeps a narrow one from finding out how to copy for hundreds of steps."""


@dataclass(frozen=True)
class Shape:
    """The size of a model: layers, model width, width of the feed-forward part."""

    layers: int = 4
    width: int = 128
    inner: int = 352


@dataclass(frozen=True)
class Schedule:
    """Training schedule: optimizer steps, turns per step, peak learning rate."""

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
        initializer_range=_INITIAL,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weights.div_((2 * shape.layers) ** 0.5)  # as GPT-2 does: residuals add up
    return model


def encode(tokenizer: PreTrainedTokenizerFast, turn: Turn) -> tuple[list[int], int]:
    """Token ids of a whole turn, and the number of them that belong to the prompt."""
    request = [{"role": "user", "content": turn.user}]
    whole_turn = [*request, {"role": "assistant", "content": turn.assistant}]
    prompt = tokenizer.apply_chat_template(request, add_generation_prompt=True, tokenize=False)
    whole = tokenizer.apply_chat_template(whole_turn, tokenize=False)
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


def _optimizers(model: LlamaForCausalLM, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices between the layers, AdamW for the embedding and the norms.

    On this task Muon needs about half of AdamW's steps. Its source: Jordan et al. (2024), with
    the update's size matched to AdamW's (Liu et al. 2025, arXiv:2502.16982).
    """
    import torch

    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, weights in model.named_parameters():
        inner = weights.ndim == 2 and "embed" not in name
        (matrices if inner else others).append(weights)
    return [
        torch.optim.Muon(matrices, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _share_of_peak(step: int, steps: int) -> float:
    """Linear warm-up, then linear decay to `_LAST_RATE` of the peak."""
    return min(1.0, (step + 1) / _WARM_UP) * (1 - (1 - _LAST_RATE) * step / steps)


def fit(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    turns: Iterator[Turn],
    schedule: Schedule,
    seed: int,
    name: str,
) -> float:
    """Train a model in place, with progress on stderr.

    Args:
        model: The model to train.
        tokenizer: Its tokenizer, with a chat template.
        turns: An endless stream of turns.
        schedule: Steps, batch and peak learning rate.
        seed: Orders the batches.
        name: The model's name in progress lines.

    Returns:
        Seconds of wall time.
    """
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.nn.Module.to(model, device).train()
    optimizers = _optimizers(model, schedule.rate)
    begun = time.perf_counter()
    batches = _batches(tokenizer, turns, schedule.batch, Random(seed))
    for step, (ids, labels) in enumerate(islice(batches, schedule.steps)):
        rate = schedule.rate * _share_of_peak(step, schedule.steps)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        model.zero_grad()
        loss = _loss(model, ids.to(device), labels.to(device))
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
        for optimizer in optimizers:
            optimizer.step()
        done = step + 1
        if done % _REPORT_EVERY == 0 or done == schedule.steps:
            spent = time.perf_counter() - begun
            left = spent / done * (schedule.steps - done)
            print(
                f"{name}: step {done}/{schedule.steps}, loss {loss.item():.3f}, {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )
    torch.nn.Module.to(model, "cpu").train(mode=False)
    return time.perf_counter() - begun
