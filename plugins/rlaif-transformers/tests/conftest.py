"""A tiny chat model of random weights: the same shape and files as a real checkpoint."""

import asyncio
import shutil
from pathlib import Path

import pytest

from rlaif_core.api import ChatRequest, Context, Message
from rlaif_transformers.model import Transformers
from rlaif_transformers.params import TransformersParams

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS = "which response is better ? the first answer is A and the second answer is B . 10 12 34 "


def save_tokenizer(folder: Path, template: str | None = TEMPLATE, pad: str | None = "<|pad|>"):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        special_tokens=["<|pad|>", "<|bos|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([WORDS * 20], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|bos|>",
        eos_token="<|im_end|>",
        pad_token=pad,
        additional_special_tokens=["<|im_start|>"],
    )
    fast.chat_template = template
    fast.save_pretrained(folder)


def save_weights(folder: Path, seed: int = 0, **config):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {
        "vocab_size": 340,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "initializer_range": 0.3,  # far from uniform, so that wrong tokens show
        "bos_token_id": 1,
        "eos_token_id": 3,
        "pad_token_id": 0,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        LlamaForCausalLM(LlamaConfig(**(shape | config))).save_pretrained(folder)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """The tiny model's folder."""
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    save_tokenizer(folder)
    save_weights(folder)
    return folder


@pytest.fixture
def variant(checkpoint, tmp_path):
    """Copies the tiny model, with another tokenizer or other weights, to a folder of a name."""

    def make(name="variant", tokenizer=None, weights=None) -> Path:
        folder = tmp_path / name
        shutil.copytree(checkpoint, folder)
        if tokenizer is not None:
            (folder / "chat_template.jinja").unlink()
            save_tokenizer(folder, **tokenizer)
        if weights is not None:
            save_weights(folder, **weights)
        return folder

    return make


@pytest.fixture(scope="session")
def ready():
    """Makes a model and sets it up."""

    def make(path, **params) -> Transformers:
        made = Transformers(TransformersParams(path=str(path), **params))
        asyncio.run(made.setup(Context()))
        return made

    return make


@pytest.fixture(scope="session")
def ask():
    """Writes a request of one user turn."""

    def make(content="which is better ?", **rest) -> ChatRequest:
        return ChatRequest((Message("user", content),), **rest)

    return make


@pytest.fixture(scope="session")
def model(checkpoint, ready) -> Transformers:
    """The tiny model, set up."""
    return ready(checkpoint)


@pytest.fixture(scope="session")
def answer(model):
    """Asks the tiny model several requests at once."""
    return lambda *requests: list(asyncio.run(model.complete(requests)))
