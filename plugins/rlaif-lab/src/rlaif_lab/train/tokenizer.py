"""The lab's tokenizer: a word of the lab is one token, and any other text falls back to bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Final

from rlaif_lab.train.judge_corpus import judge_turns
from rlaif_lab.train.policy_corpus import policy_turns

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD: Final = "<|pad|>"
END: Final = "<|end|>"
ROLES: Final = ("<|system|>", "<|user|>", "<|assistant|>")
LONGEST: Final = 1024

_TURNS_READ: Final = 40_000
_SEEN_AT_LEAST: Final = 40
_OF_A_FENCE: Final = re.compile("[0-9a-f]+")


def _known_words(texts: Iterable[str]) -> list[str]:
    from tokenizers.pre_tokenizers import ByteLevel

    split = ByteLevel(add_prefix_space=False, use_regex=True)
    seen = Counter(word for text in texts for word, _ in split.pre_tokenize_str(text))
    return sorted(
        word
        for word, times in seen.items()
        if times >= _SEEN_AT_LEAST and len(word) > 1 and not _OF_A_FENCE.fullmatch(word)
    )


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Build the tokenizer that the policy and the judge share; the same one every time."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    rng = Random("rlaif-lab/tokenizer")
    turns = [
        *islice(policy_turns(rng), _TURNS_READ),
        *islice(judge_turns(rng), _TURNS_READ),
    ]
    words = _known_words(part for turn in turns for part in (turn.user, turn.assistant))
    specials = (PAD, END, *ROLES)
    pieces = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet()), *words]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    # ignore_merges takes a whole word that the vocabulary holds: no merges, no half words.
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in specials])
    fast: PreTrainedTokenizerFast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # theirs
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=list(ROLES),
        model_max_length=LONGEST,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
    fast.chat_template = (files("rlaif_lab") / "train" / "chat_template.jinja").read_text("utf-8")
    return fast
