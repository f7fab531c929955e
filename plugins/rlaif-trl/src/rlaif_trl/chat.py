"""Conversations to token ids: the chat template, forged turns, and responses that are too long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rlaif_core.api import DataError, Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

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
        self._control = [
            token.content
            for token in tokenizer.added_tokens_decoder.values()
            if token.special and len(token.content) > 1
        ]

    def encode(self, items: Sequence[tuple[Turns, Sequence[str]]]) -> list[Encoded]:
        """Token ids of prompts with their responses.

        The responses of one item share its prompt's tokens: where tokens merge across the
        boundary, they begin at the first token that differs from the prompt alone.

        Args:
            items: Prompts, each with at least one response.

        Raises:
            DataError: If any is longer than `max_length` and overlong is "error".
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
        if not conversations:
            return []
        plain = [
            [{"role": turn.role, "content": harmless(turn.content, self._control)} for turn in one]
            for one in conversations
        ]
        texts = self._tokenizer.apply_chat_template(
            plain, tokenize=False, add_generation_prompt=opened
        )
        # The template writes the special tokens itself; a second BOS would shift every position.
        ids: list[Tokens] = self._tokenizer(texts, add_special_tokens=False)["input_ids"]
        return ids


def harmless(content: str, control: Iterable[str]) -> str:
    """Content in which no control token of the tokenizer is left, so that text cannot forge a turn.

    A space goes after the first character of each one found: `<|end|>` becomes `< |end|>`.
    """
    found = [token for token in control if token in content]
    while found:
        for token in found:
            content = content.replace(token, f"{token[0]} {token[1:]}")
        found = [token for token in found if token in content]
    return content


def _common_prefix(one: Tokens, other: Tokens) -> int:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))
