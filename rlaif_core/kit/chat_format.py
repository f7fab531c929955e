"""Chats as tokens, in the checkpoint's own template; what a message says never forges a turn.

For models whose tokenizer is here. Kept in one place because a mistake here lets a response speak
for its judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Final, Protocol

import jinja2

from rlaif_core.api.chat import ChatRequest
from rlaif_core.api.errors import DataError, ModelError

Tokens = list[int]
_Pieces = list[str]

_NONCHARACTER: Final = "\ufdd0"


class Tokenizer(Protocol):
    """What is asked of a tokenizer; Hugging Face's `PreTrainedTokenizerBase` has it all."""

    name_or_path: str
    chat_template: Any

    @property
    def eos_token_id(self) -> Any:
        """The token that ends a text; None if there is none."""

    @property
    def all_special_ids(self) -> list[int]:
        """Tokens that are no text."""

    @property
    def all_special_tokens(self) -> list[str]:
        """How they are spelled."""

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """Tokens beside the vocabulary's, special or not."""

    def get_chat_template(self) -> str:
        """The template in use."""

    def apply_chat_template(
        self, conversation: Any, *, tokenize: bool, add_generation_prompt: bool
    ) -> Any:
        """A conversation, written by the template."""

    def __call__(
        self, text: Any, *, add_special_tokens: bool, return_attention_mask: bool, verbose: bool
    ) -> Mapping[str, Any]:
        """Texts in tokens, at "input_ids"."""


@dataclass(frozen=True)
class Encoded:
    """A request in tokens.

    Attributes:
        prompt: The conversation, the opening of the assistant's turn, and the prefix.
        options: The same followed by each option, tokenised together: its beginning need not
            be `prompt`, since a tokenizer may merge across the boundary.
    """

    prompt: Tokens
    options: tuple[Tokens, ...] = ()

    def tails(self, end_of_turn: int | None) -> tuple[Tokens, tuple[Tokens, ...]]:
        """What the options are conditioned on, and the tokens of each that follow it.

        All options are scored from the last place at which they agree with the prompt, so that
        they stay disjoint events where a tokenizer merges across the boundary.

        Args:
            end_of_turn: Closes each option if given.
        """
        head = common_prefix([self.prompt, *self.options])
        ending = [] if end_of_turn is None else [end_of_turn]
        return self.prompt[:head], tuple(option[head:] + ending for option in self.options)


def check_chat_template(tokenizer: Tokenizer, name: str) -> None:
    """See that the tokenizer can write chats.

    Raises:
        DataError: It has no chat template.
    """
    if not tokenizer.chat_template:
        raise DataError(
            f"model {name!r} has no chat template: put a chat_template.jinja beside its "
            "tokenizer.json, or take the chat version of the model"
        )


def common_prefix(several: Sequence[Tokens]) -> int:
    """How many tokens at the start of all sequences are the same."""
    first, last = min(several), max(several)  # in this order, all others lie between them
    low, high = 0, min(len(first), len(last))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == last[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class ChatFormat:
    """Writes conversations as the checkpoint's chat template wants them.

    A prefix follows the template's own opening of the assistant's turn, unchanged. That is what
    the model has seen when it continues its own text, which templates that trim or rewrite the
    assistant's turns would not reproduce.

    Control tokens are the tokenizer's special tokens and those added tokens that stand in the
    template. Where a message, prefix or option spells one, the text is tokenised in two parts,
    split after the first character of the spelling: it stays the same text, as ordinary tokens.

    Args:
        tokenizer: Has a chat template.

    Raises:
        DataError: If neither template nor tokenizer says how a turn ends.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        spellings = _control_spellings(tokenizer)
        alternatives = "|".join(re.escape(one) for one in sorted(spellings))
        self._control_start = re.compile(
            f"(?=(?:{alternatives}))(.)" if spellings else r"(?!)", re.S
        )
        self._borders = _borders(tokenizer, spellings)
        self.end_of_turn = self._find_end_of_turn()

    def encode(self, requests: Sequence[ChatRequest]) -> list[Encoded | ModelError]:
        """Each request in tokens, or why the template refuses it (roles, order of turns)."""
        written = [self._write(request) for request in requests]
        texts = [text for each in written if isinstance(each, list) for text in each]
        tokens = iter(self._tokenize(texts))
        encoded: list[Encoded | ModelError] = []
        for each in written:
            if isinstance(each, ModelError):
                encoded.append(each)
            else:
                prompt, *options = [next(tokens) for _ in each]
                encoded.append(Encoded(prompt, tuple(options)))
        return encoded

    def _write(self, request: ChatRequest) -> list[_Pieces] | ModelError:
        contents = [_well_formed(turn.content) for turn in request.messages]
        prefix = _well_formed(request.prefix)
        options = [_well_formed(option) for option in request.options]
        mark = _absent_mark([*contents, prefix, *options])
        messages = [
            {"role": turn.role, "content": self._split(content, mark)}
            for turn, content in zip(request.messages, contents, strict=True)
        ]
        try:
            opened = self._render(messages)
        except (jinja2.TemplateError, ValueError) as error:
            return ModelError(f"the chat template refuses the conversation: {error}")
        return [(opened + self._split(prefix + rest, mark)).split(mark) for rest in ("", *options)]

    def _split(self, text: str, mark: str) -> str:
        return self._control_start.sub(lambda found: found[1] + mark, text)

    def _render(self, messages: list[dict[str, Any]], opened: bool = True) -> str:
        text = self._tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=opened
        )
        return str(text)

    def _tokenize(self, texts: Sequence[_Pieces]) -> list[Tokens]:
        cut = [[part for piece in text for part in self._cut(piece)] for text in texts]
        # The options of a request follow one conversation: it is tokenised once.
        distinct = list(dict.fromkeys(chain.from_iterable(cut)))
        if not distinct:
            return []
        # The template has written the beginning-of-text token where there is to be one.
        encoded = self._tokenizer(
            distinct,
            add_special_tokens=False,
            return_attention_mask=False,
            verbose=False,  # a prompt that is too long is an error of its own request
        )
        tokens: dict[str, Tokens] = dict(zip(distinct, encoded["input_ids"], strict=True))
        return [list(chain.from_iterable(tokens[part] for part in text)) for text in cut]

    def _cut(self, piece: str) -> tuple[str, ...]:
        at = max((piece.rfind(border) for border in self._borders), default=-1)
        return (piece[:at], piece[at:]) if at > 0 else (piece,)

    def _find_end_of_turn(self) -> int:
        turns = [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": _NONCHARACTER},
        ]
        after = self._render(turns, opened=False).rpartition(_NONCHARACTER)[2]
        controls = set(self._tokenizer.added_tokens_decoder) | set(self._tokenizer.all_special_ids)
        [following] = self._tokenize([[after]])
        for token in (*following, self._tokenizer.eos_token_id):
            if token in controls:
                return int(token)
        raise DataError(
            f"the chat template of {self._tokenizer.name_or_path!r} ends a turn with no special "
            "token, and its tokenizer has no eos_token: set one"
        )


def _control_spellings(tokenizer: Tokenizer) -> set[str]:
    template = tokenizer.get_chat_template()
    added = tokenizer.added_tokens_decoder.values()
    controls = {str(one) for one in added if one.special or str(one) in template}
    controls.update(tokenizer.all_special_tokens)
    return {one for one in controls if len(one) > 1 and not one.isspace()}


def _borders(tokenizer: Tokenizer, spellings: set[str]) -> list[str]:
    """Control tokens before which a text can be cut without changing its tokens."""
    added = tokenizer.added_tokens_decoder.values()
    plain = {str(one) for one in added if not (one.lstrip or one.normalized or one.single_word)}
    return sorted(
        one for one in plain & spellings if not any(one in other for other in spellings - {one})
    )


def _absent_mark(texts: Iterable[str]) -> str:
    everything = "".join(texts)
    marks = (f"{_NONCHARACTER}{number}{_NONCHARACTER}" for number in count())
    return next(mark for mark in marks if mark not in everything)


def _well_formed(text: str) -> str:
    """Text in which half a surrogate pair, which tokenizers refuse, has become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
