"""Conversations as token ids by the checkpoint's chat template; content cannot forge a turn.

For models whose tokenizer is in the process, asked or trained. Kept in one place because a mistake
here lets a response speak for its judge.
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
from rlaif_core.api.records import Message

Tokens = list[int]
_Pieces = list[str]

_NONCHARACTER: Final = "\ufdd0"


class Tokenizer(Protocol):
    """The part of Hugging Face's `PreTrainedTokenizerBase` that is used here."""

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
        """Their spellings."""

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
        """Token ids of texts, at "input_ids"."""


@dataclass(frozen=True)
class Encoded:
    """A request as token ids.

    Attributes:
        prompt: The conversation, the opening of the assistant's turn, and the prefix.
        options: The same followed by each option, tokenised together: its beginning need not
            be `prompt`, since a tokenizer may merge across the boundary.
    """

    prompt: Tokens
    options: tuple[Tokens, ...] = ()

    def tails(self, end_of_turn: int | None) -> tuple[Tokens, tuple[Tokens, ...]]:
        """The tokens that every option is conditioned on, and those of each option after them.

        All options are scored from the last place at which they agree with the prompt, so that
        they stay disjoint events where a tokenizer merges across the boundary.

        Args:
            end_of_turn: Closes each option if given.
        """
        head = common_prefix([self.prompt, *self.options])
        ending = [] if end_of_turn is None else [end_of_turn]
        return self.prompt[:head], tuple(option[head:] + ending for option in self.options)


def check_chat_template(tokenizer: Tokenizer, name: str) -> None:
    """Check that the tokenizer can write chats.

    Raises:
        DataError: If it has no chat template.
    """
    if not tokenizer.chat_template:
        raise DataError(
            f"model {name!r} has no chat template: put a chat_template.jinja beside its "
            "tokenizer.json, or take the chat version of the model"
        )


def common_prefix(several: Sequence[Tokens]) -> int:
    """Number of tokens at the start that all sequences share."""
    first, last = min(several), max(several)  # in this order, all others lie between them
    low, high = 0, min(len(first), len(last))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == last[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class ConversationEncoder:
    """Encodes conversations as the checkpoint's chat template wants them.

    Control tokens are the tokenizer's special tokens and those added tokens that stand in the
    template. Where a message spells one, its text is tokenised in two parts, split after the
    first character of the spelling: it stays the same text, as ordinary tokens. Half a surrogate
    pair, which tokenizers refuse, becomes U+FFFD.

    Args:
        tokenizer: Has a chat template.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        spellings = _control_spellings(tokenizer)
        alternatives = "|".join(re.escape(spelling) for spelling in sorted(spellings))
        self._control_start = re.compile(
            f"(?=(?:{alternatives}))(.)" if spellings else r"(?!)", re.S
        )
        self._borders = _borders(tokenizer, spellings)

    def encode_conversations(
        self, conversations: Iterable[Sequence[Message]], *, opened: bool
    ) -> list[Tokens]:
        """Token ids of conversations.

        Args:
            conversations: Messages in their order.
            opened: Whether to open the assistant's turn after them.

        Raises:
            DataError: If the template refuses a conversation (roles, order of turns).
        """
        return self._tokenize(
            [pieces for turns in conversations for pieces in self._write(turns, opened=opened)]
        )

    def _write(
        self, messages: Sequence[Message], endings: Sequence[str] = ("",), *, opened: bool
    ) -> list[_Pieces]:
        """The conversation followed by each ending, in pieces to be tokenised apart."""
        contents = [_well_formed(message.content) for message in messages]
        endings = [_well_formed(ending) for ending in endings]
        mark = _absent_mark([*contents, *endings])
        turns = [
            {"role": message.role, "content": self._split(content, mark)}
            for message, content in zip(messages, contents, strict=True)
        ]
        try:
            text = self._render(turns, opened=opened)
        except (jinja2.TemplateError, ValueError) as error:
            raise DataError(f"the chat template refuses a conversation: {error}") from error
        return [(text + self._split(ending, mark)).split(mark) for ending in endings]

    def _split(self, text: str, mark: str) -> str:
        return self._control_start.sub(lambda match: match[1] + mark, text)

    def _render(self, turns: list[dict[str, str]], *, opened: bool) -> str:
        text = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=opened
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


class ChatFormat(ConversationEncoder):
    """Encodes chat requests: a conversation, a prefix of the reply, and options to score.

    A prefix follows the template's own opening of the assistant's turn, unchanged. That is what
    the model has seen when it continues its own text, which templates that trim or rewrite the
    assistant's turns would not reproduce. Neither prefix nor options can forge a turn.

    Args:
        tokenizer: Has a chat template.

    Raises:
        DataError: If neither the template nor the tokenizer defines the end of a turn.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer)
        self.end_of_turn = self._find_end_of_turn()

    def encode(self, requests: Sequence[ChatRequest]) -> list[Encoded | ModelError]:
        """Each request as token ids, or the error with which the template refuses it."""
        written = [self._write_request(request) for request in requests]
        texts = [text for pieces in written if isinstance(pieces, list) for text in pieces]
        tokens = iter(self._tokenize(texts))
        encoded: list[Encoded | ModelError] = []
        for pieces in written:
            if isinstance(pieces, ModelError):
                encoded.append(pieces)
            else:
                prompt, *options = [next(tokens) for _ in pieces]
                encoded.append(Encoded(prompt, tuple(options)))
        return encoded

    def _write_request(self, request: ChatRequest) -> list[_Pieces] | ModelError:
        prefix = _well_formed(request.prefix)
        endings = [prefix + option for option in ("", *request.options)]
        try:
            return self._write(request.messages, endings, opened=True)
        except DataError as error:
            return ModelError(str(error))

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
    controls = {str(token) for token in added if token.special or str(token) in template}
    controls.update(tokenizer.all_special_tokens)
    return {spelling for spelling in controls if len(spelling) > 1 and not spelling.isspace()}


def _borders(tokenizer: Tokenizer, spellings: set[str]) -> list[str]:
    """Control tokens before which a text can be cut without changing its tokens."""
    added = tokenizer.added_tokens_decoder.values()
    plain = {
        str(token) for token in added if not (token.lstrip or token.normalized or token.single_word)
    }
    return sorted(
        spelling
        for spelling in plain & spellings
        if not any(spelling in other for other in spellings - {spelling})
    )


def _absent_mark(texts: Iterable[str]) -> str:
    """A string of noncharacters that no text holds."""
    everything = "".join(texts)
    marks = (f"{_NONCHARACTER}{number}{_NONCHARACTER}" for number in count())
    return next(mark for mark in marks if mark not in everything)


def _well_formed(text: str) -> str:
    """Text in which half a surrogate pair, which tokenizers refuse, has become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
