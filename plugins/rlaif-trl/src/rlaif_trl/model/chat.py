"""Conversations to token ids: the chat template, forged turns, and responses that are too long."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Literal

import jinja2

from rlaif_core.api import DataError, Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

AT_ONCE = 128
"""Conversations tokenised together: what the library keeps of each is many times its tokens."""

Tokens = list[int]
Turns = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One prompt and some responses to it, as token ids; prompt + response is what a model sees."""

    prompt: Tokens
    responses: list[Tokens]

    @property
    def length(self) -> int:
        """Tokens of the longest prompt + response."""
        return len(self.prompt) + max(map(len, self.responses))

    def shortened(self, max_length: int) -> Encoded:
        """Cut the prompt's beginning; where that is not enough, the responses' ends too."""
        room = max(1, max_length - max(map(len, self.responses)))
        prompt = self.prompt[-room:]
        return Encoded(prompt, [one[: max_length - len(prompt)] for one in self.responses])


class ChatEncoder:
    """Encodes prompts with responses, and counts what does not fit.

    Where content spells one of the tokenizer's control tokens, it is tokenised in two parts, split
    after the first character of the spelling: it stays the same text, and cannot forge a turn.

    Args:
        tokenizer: With a chat template.
        max_length: Tokens of prompt and response together.
        overlong: "error" to refuse what is longer, "truncate" to shorten it.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        max_length: int,
        overlong: Literal["error", "truncate"] = "error",
    ) -> None:
        self.max_length = max_length
        self.truncated = 0
        """How many items were shortened so far."""
        self._tokenizer = tokenizer
        self._overlong = overlong
        self._control = _control_beginnings(tokenizer)

    def encode(self, items: Sequence[tuple[Turns, Sequence[str]]]) -> list[Encoded]:
        """Token ids of prompts with their responses.

        The responses of one item share its prompt's tokens: where tokens merge across the
        boundary, they begin at the first token that differs from the prompt alone.

        Args:
            items: Prompts, each with at least one response.

        Raises:
            DataError: If any is longer than `max_length` and overlong is "error", or the chat
                template refuses one.
        """
        prompts = self._tokens([prompt for prompt, _ in items], opened=True)
        whole = iter(
            self._tokens(
                [
                    (*prompt, Message("assistant", text))
                    for prompt, responses in items
                    for text in responses
                ],
                opened=False,
            )
        )
        encoded = []
        for prompt, (_, responses) in zip(prompts, items, strict=True):
            texts = [next(whole) for _ in responses]
            shared = min(_common_prefix(prompt, text) for text in texts)
            encoded.append(Encoded(prompt[:shared], [text[shared:] for text in texts]))
        return self._fitted(encoded)

    def encode_prompts(self, prompts: Sequence[Turns], completion: int) -> list[Tokens]:
        """Token ids of prompts that a response is to be drawn for, the turn opened.

        Args:
            prompts: The conversations.
            completion: Tokens that the response may have.

        Raises:
            DataError: If any leaves the response less room than that and overlong is "error", or
                the chat template refuses one.
        """
        room = self.max_length - completion
        if room < 1:
            raise DataError(
                f"max_completion_length {completion} leaves no room for a prompt in a context of "
                f"{self.max_length} tokens: lower it"
            )
        encoded = self._tokens(prompts, opened=True)
        overlong = [len(one) for one in encoded if len(one) > room]
        if overlong and self._overlong == "error":
            raise DataError(
                f"{len(overlong)} of {len(encoded)} prompts leave a response less than "
                f"{completion} of {self.max_length} tokens, the longest has {max(overlong)}: "
                "filter by length, lower max_completion_length, or set overlong: truncate"
            )
        self.truncated += len(overlong)
        return [one[-room:] for one in encoded]

    def _fitted(self, encoded: list[Encoded]) -> list[Encoded]:
        overlong = [one.length for one in encoded if one.length > self.max_length]
        if overlong and self._overlong == "error":
            raise DataError(
                f"{len(overlong)} of {len(encoded)} are longer than {self.max_length} tokens, the "
                f"longest has {max(overlong)}: filter by length, raise max_length up to the "
                "model's context, or set overlong: truncate"
            )
        self.truncated += len(overlong)
        return [
            one.shortened(self.max_length) if one.length > self.max_length else one
            for one in encoded
        ]

    def _tokens(self, conversations: Sequence[Turns], *, opened: bool) -> list[Tokens]:
        return [
            ids
            for start in range(0, len(conversations), AT_ONCE)
            for ids in self._tokens_of(conversations[start : start + AT_ONCE], opened)
        ]

    def _tokens_of(self, conversations: Sequence[Turns], opened: bool) -> list[Tokens]:
        mark = _absent_mark(turn.content for one in conversations for turn in one)
        written = [
            [{"role": turn.role, "content": self._split(turn.content, mark)} for turn in one]
            for one in conversations
        ]
        try:
            texts = self._tokenizer.apply_chat_template(
                written, tokenize=False, add_generation_prompt=opened
            )
        except (jinja2.TemplateError, ValueError) as error:
            raise DataError(f"the chat template refuses a conversation: {error}") from error
        parts = [str(text).split(mark) for text in texts]
        # The template writes the special tokens itself; a second BOS would shift every position.
        ids = iter(
            self._tokenizer(
                list(chain.from_iterable(parts)),
                add_special_tokens=False,
                verbose=False,  # what is too long is told by `overlong`
            )["input_ids"]
        )
        return [list(chain.from_iterable(islice(ids, len(one)))) for one in parts]

    def _split(self, content: str, mark: str) -> str:
        return self._control.sub(lambda found: found[0] + mark, content)


def _control_beginnings(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str]:
    """Finds the first character of each spelling of a token that means something to the model."""
    template = tokenizer.get_chat_template()
    added = tokenizer.added_tokens_decoder.values()
    spellings = {str(one) for one in added if one.special or str(one) in template}
    spellings = {one for one in spellings if len(one) > 1 and not one.isspace()}
    alternatives = "|".join(map(re.escape, sorted(spellings)))
    return re.compile(f"(?=(?:{alternatives})).", re.DOTALL) if spellings else re.compile(r"(?!)")


def _absent_mark(contents: Iterable[str]) -> str:
    """A string of noncharacters that no content holds."""
    everything = "".join(contents)
    marks = (f"\ufdd0{number}\ufdd0" for number in count())
    return next(mark for mark in marks if mark not in everything)


def _common_prefix(one: Tokens, other: Tokens) -> int:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))
