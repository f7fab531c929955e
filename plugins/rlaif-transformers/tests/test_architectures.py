"""Shared reading, checked against one plain pass a sequence on tiny models of many kinds."""

import random
import threading
from types import SimpleNamespace

import pytest
import torch
import transformers

from rlaif_transformers.padding import MISREAD_BY
from rlaif_transformers.scoring.scorer import OptionScorer, Scoring

PLAIN = {
    "vocab_size": 60,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
}
HEADS = PLAIN | {"head_dim": 16}
MIXED = HEADS | {
    "sliding_window": 8,
    "layer_types": ["sliding_attention", "full_attention"],
}
OLDER = {"vocab_size": 60, "hidden_size": 32, "n_layer": 2, "n_head": 2}

KINDS = {
    "rotary positions, grouped heads": ("LlamaConfig", HEADS),
    "a sliding window": ("MistralConfig", HEADS | {"sliding_window": 8}),
    "sliding and full layers": ("Gemma3TextConfig", MIXED),
    "learned positions": (
        "GPT2Config",
        {"vocab_size": 60, "n_embd": 32, "n_layer": 2, "n_head": 2},
    ),
    "windows counted in columns": (
        "GPTNeoConfig",
        {
            "vocab_size": 60,
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 2,
            "attention_types": [[["global", "local"], 1]],
            "window_size": 8,
        },
    ),
    "biases by distance": ("BloomConfig", OLDER),
    "biases counted in columns": (
        "MptConfig",
        {"vocab_size": 60, "d_model": 32, "n_layers": 2, "n_heads": 2, "max_seq_len": 128},
    ),
    "chunked attention": (
        "Llama4TextConfig",
        HEADS
        | {
            "attention_chunk_size": 8,
            "num_local_experts": 2,
            "layer_types": ["chunked_attention", "full_attention"],
            "intermediate_size_mlp": 48,
        },
    ),
    "keys wider than values": (
        "DeepseekV3Config",
        PLAIN
        | {
            "num_key_value_heads": 2,
            "kv_lora_rank": 8,
            "q_lora_rank": 8,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 8,
            "v_head_dim": 8,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "num_experts_per_tok": 2,
            "first_k_dense_replace": 1,
            "moe_intermediate_size": 16,
        },
    ),
    "a running state": (
        "MambaConfig",
        {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4},
    ),
    "convolutions and attention": (
        "Lfm2Config",
        PLAIN | {"layer_types": ["conv", "full_attention"]},
    ),
}
TAKE_PADDING_FOR_TEXT = {
    "lightning attention": (
        "MiniMaxConfig",
        HEADS
        | {
            "layer_types": ["linear_attention", "full_attention"],
            "num_local_experts": 2,
            "num_experts_per_tok": 2,
            "block_size": 8,
        },
    ),
    "recurrences and local attention": (
        "RecurrentGemmaConfig",
        PLAIN
        | {
            "lru_width": 32,
            "attention_window_size": 16,
            "block_types": ("recurrent", "attention"),
        },
    ),
    "receptance": (
        "RwkvConfig",
        {"vocab_size": 60, "hidden_size": 32, "attention_hidden_size": 32, "num_hidden_layers": 2},
    ),
}
KEEPS_A_STATE = {"a running state", "convolutions and attention"}


def tiny(kind):
    name, shape = (KINDS | TAKE_PADDING_FOR_TEXT)[kind]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = getattr(transformers, name)(**shape)
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
        for weights in model.parameters():
            if weights.dim() > 1:  # far from uniform, so that wrong tokens show
                torch.nn.init.normal_(weights, std=0.3)
    return model


def questions():
    """Stems, groups and rests of unequal lengths, beyond the windows, and options that branch."""
    rng = random.Random(0)

    def tokens(count):
        return [rng.randrange(3, 60) for _ in range(count)]

    stem = tokens(30)
    groups = [stem + tokens(count) for count in (27, 32, 29)]
    several = [
        Scoring(group + tokens(count), ([7], [8, 9, 4], [8, 10]))
        for group in groups
        for count in (3, 9, 5)
    ]
    return [*several, Scoring(tokens(11), ([5], [6])), Scoring(stem + tokens(2), ([5], []))]


def plain_pass(model, head, tail):
    tokens = head + tail
    with torch.no_grad():
        table = model(torch.tensor([tokens]), use_cache=False).logits[0].double().log_softmax(-1)
    return sum(table[i - 1, tokens[i]].item() for i in range(len(head), len(tokens)))


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_model_agrees_with_one_pass_an_option(kind):
    model = tiny(kind)
    loaded = SimpleNamespace(model=model, tokenizer=SimpleNamespace(pad_token_id=0))
    scorer = OptionScorer(loaded, max_batch_tokens=200)

    with torch.inference_mode():
        scored = scorer.score(questions(), threading.Event())

    assert scorer._reader.continues is (kind not in KEEPS_A_STATE)
    for job, values in zip(questions(), scored, strict=True):
        expected = [plain_pass(model, job.head, tail) for tail in job.tails]
        assert values == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("kind", TAKE_PADDING_FOR_TEXT)
def test_kinds_that_are_refused_still_take_padding_for_text(kind):
    """If one of these fails, the library has fixed that kind: remove it from `MISREAD_BY`."""
    model = tiny(kind)
    two_steps = transformers.GenerationConfig(
        max_new_tokens=2, pad_token_id=0, output_logits=True, return_dict_in_generate=True
    )

    def logits(padding):
        ids = torch.tensor([[0] * padding + list(range(5, 25))])
        mask = torch.tensor([[0] * padding + [1] * 20])
        steps = model.generate(ids, attention_mask=mask, generation_config=two_steps).logits
        return torch.stack(steps).log_softmax(-1)

    assert model.config.model_type in MISREAD_BY
    assert (logits(padding=5) - logits(padding=0)).abs().max() > 0.01
