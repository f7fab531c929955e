"""Chats as tokens, in the checkpoint's own template; what a message says never forges a turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any, Final

import jinja2

from rlaif_core.api import ChatRequest, DataError, ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Tokens = list[int]
_Pieces = list[str]

_NONCHARACTER: Final = "\ufdd0"


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

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        spellings = _control_spellings(tokenizer)
        alternatives = "|".join(re.escape(one) for one in sorted(spellings))
        self._control_start = re.compile(
            f"(?=(?:{alternatives}))(.)" if spellings else r"(?!)", re.S
        )
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
        pieces = [piece for text in texts for piece in text]
        if not pieces:
            return []
        # The template has written the beginning-of-text token where there is to be one.
        encoded = self._tokenizer(pieces, add_special_tokens=False, return_attention_mask=False)
        tokens: Iterator[Tokens] = iter(encoded["input_ids"])
        return [list(chain.from_iterable(islice(tokens, len(text)))) for text in texts]

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


def _control_spellings(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    template = tokenizer.get_chat_template()
    added = tokenizer.added_tokens_decoder.values()
    controls = {str(one) for one in added if one.special or str(one) in template}
    controls.update(tokenizer.all_special_tokens)
    return {one for one in controls if len(one) > 1 and not one.isspace()}


def _absent_mark(texts: Iterable[str]) -> str:
    everything = "".join(texts)
    marks = (f"{_NONCHARACTER}{number}{_NONCHARACTER}" for number in count())
    return next(mark for mark in marks if mark not in everything)


def _well_formed(text: str) -> str:
    """Text in which half a surrogate pair, which tokenizers refuse, has become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
