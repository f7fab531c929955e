"""A tiny chat model with a byte-level tokenizer, and preferences in the engine's columns."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rlaif_core.api import Message, Prompt, TrainingJob

if TYPE_CHECKING:
    import torch

Pairs = list[dict[str, object]]

TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
SPECIALS = ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
CONTEXT = 96


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Two tests at once share two cores, and one thread makes sums come out the same."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer():
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pieces = [*SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    raw = Tokenizer(models.BPE(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in SPECIALS]
    )
    made = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<|pad|>", eos_token="<|end|>", padding_side="left"
    )
    made.chat_template = TEMPLATE
    return made


@pytest.fixture(scope="session")
def checkpoint(tokenizer, tmp_path_factory) -> str:
    """Folder of a random Llama of 40 thousand parameters."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=CONTEXT,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
            tie_word_embeddings=False,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def other_checkpoint(checkpoint, tokenizer, tmp_path_factory) -> str:
    """Same shape as `checkpoint`, other weights."""
    import torch
    from transformers import AutoConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("other")
    torch.manual_seed(1)
    model = LlamaForCausalLM(AutoConfig.from_pretrained(checkpoint))
    for weight in model.parameters():
        weight.data.mul_(2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def preferences() -> Callable[..., Pairs]:
    """Makes rows for `job`."""
    return make_preferences


def make_preferences(count: int = 48, p_chosen: float = 0.9, seed: int = 0) -> Pairs:
    """Pairs whose better response is the polite one, in the columns that the engine writes."""
    rng = random.Random(seed)
    rows: Pairs = []
    for i in range(count):
        number = rng.randint(10, 99)
        rows.append(
            {
                "prompt": [{"role": "user", "content": f"say {number}"}],
                "chosen": [{"role": "assistant", "content": f"{number} please"}],
                "rejected": [{"role": "assistant", "content": f"{number} now{'!' * (i % 4)}"}],
                "p_chosen": p_chosen,
                "margin": 2 * p_chosen - 1,
                "agreement": 1.0,
                "votes": 2,
                "confidence": p_chosen,
                "prompt_id": f"p{i}",
                "id": f"pair{i}",
            }
        )
    return rows


def write(folder: Path, rows: Iterable[dict[str, object]]) -> Path:
    """The rows as `folder`/train.parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), folder / "train.parquet")
    return folder


@pytest.fixture
def job(checkpoint, tmp_path) -> Callable[..., TrainingJob]:
    """Makes jobs on the tiny checkpoint; the first argument is the preferences."""

    def make(rows: Pairs | None = None, **changes: object) -> TrainingJob:
        name = f"job{len(list(tmp_path.iterdir()))}"
        folder = write(tmp_path / name, make_preferences() if rows is None else rows)
        made = TrainingJob(
            checkpoint=checkpoint,
            reference=checkpoint,
            preferences=folder,
            heldout=frozenset(),
            prompts=(),
            output=tmp_path / name / "output",
        )
        return dataclasses.replace(made, **changes)

    return make


WORDS = ("a", "b", "c", "d")
CONTROL = ("<|pad|>", "<|end|>", "<|user|>", "<|assistant|>")
SILENCE = 0.25
"""What a control token is worth: a scorer reads it as an empty text."""


@dataclasses.dataclass(frozen=True)
class Bandit:
    """Four prompts, one token to answer with, a reward a token.

    The policy is a Llama of two layers over a vocabulary of eight: four words and four control
    tokens. All that it can say has a reward, so that π*(y) ∝ π_ref(y)·exp(r(y)/β) is known.
    """

    folder: str
    prompts: tuple[Prompt, ...] = tuple(Prompt(word, (Message("user", word),)) for word in WORDS)
    words: tuple[str, ...] = WORDS

    def reward(self, prompt: Prompt, text: str) -> float:
        """1 for saying what the prompt says, less the farther it is in the alphabet."""
        if not text:
            return SILENCE
        return 1 - abs(WORDS.index(text) - WORDS.index(prompt.id)) / 3

    def score(self, prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float | None]:
        return [self.reward(*scored) for scored in zip(prompts, texts, strict=True)]

    def probabilities(self, folder: str) -> torch.Tensor:
        """Probabilities of a policy's answers, [prompts, vocabulary]."""
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        model = AutoModelForCausalLM.from_pretrained(folder).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        rows = []
        for prompt in self.prompts:
            ids = tokenizer.apply_chat_template(
                [{"role": "user", "content": prompt.text}],
                add_generation_prompt=True,
                return_tensors="pt",
                return_dict=True,
            )
            with torch.no_grad():
                rows.append(model(**ids).logits[0, -1].double().softmax(-1))
        return torch.stack(rows)

    def word_logprobs(self, folder: str) -> torch.Tensor:
        """log π of each word as a whole answer, its end token included, [prompts, words]."""
        import torch
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(folder).eval()
        user, end, assistant = CONTROL.index("<|user|>"), CONTROL.index("<|end|>"), 3
        places = range(len(CONTROL), len(CONTROL) + len(WORDS))
        ids = torch.tensor(
            [
                [user, prompt, end, assistant, response, end]
                for prompt in places
                for response in places
            ]
        )
        with torch.no_grad():
            logs = model(input_ids=ids).logits.double().log_softmax(-1)
        answers = logs[:, 3:5].gather(-1, ids[:, 4:6, None]).sum(dim=(1, 2))
        return answers.view(len(WORDS), len(WORDS))

    def rewards(self) -> torch.Tensor:
        """[prompts, vocabulary]."""
        import torch

        texts = ["" for _ in CONTROL] + list(WORDS)
        rows = [[self.reward(prompt, text) for text in texts] for prompt in self.prompts]
        return torch.tensor(rows, dtype=torch.float64)

    def optimum(self, beta: float) -> torch.Tensor:
        """π* at a coefficient."""
        return (self.probabilities(self.folder).log() + self.rewards() / beta).softmax(-1)


@pytest.fixture(scope="session")
def bandit(tmp_path_factory) -> Bandit:
    import torch
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("bandit")
    pieces = {piece: i for i, piece in enumerate((*CONTROL, *WORDS))}
    raw = Tokenizer(models.WordLevel(pieces, unk_token="<|pad|>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<|pad|>", eos_token="<|end|>"
    )
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(1)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(pieces),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=16,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=None,
            tie_word_embeddings=False,
            initializer_range=0.1,  # far from uniform
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Bandit(str(folder))


@pytest.fixture(scope="session")
def divergence() -> Callable[[torch.Tensor, torch.Tensor], float]:
    """Mean KL(p‖q) over prompts, in nats."""
    return lambda p, q: float((p * (p / q).log()).sum(-1).mean())
