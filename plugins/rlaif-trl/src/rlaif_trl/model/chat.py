"""Prompts with their responses as token ids, within the model's context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rlaif_core.api import DataError, Message
from rlaif_kit.chat_format import ConversationEncoder, Tokens, common_prefix

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

AT_ONCE = 128
"""Conversations tokenised together: the library needs many times the memory of their tokens."""

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
        return Encoded(prompt, [text[: max_length - len(prompt)] for text in self.responses])


class ChatEncoder:
    """Encodes prompts with responses, and counts those that do not fit.

    No content can forge a turn: see `rlaif_kit.chat_format`.

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
        """Number of items shortened so far."""
        self._overlong = overlong
        self._conversations = ConversationEncoder(tokenizer)

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
            shared = common_prefix([prompt, *texts])
            encoded.append(Encoded(prompt[:shared], [text[shared:] for text in texts]))
        return self._fitted(encoded)

    def encode_prompts(self, prompts: Sequence[Turns], completion: int) -> list[Tokens]:
        """Token ids of prompts to draw responses for, the assistant's turn opened.

        Args:
            prompts: The conversations.
            completion: Tokens that a response may have.

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
        overlong = [len(tokens) for tokens in encoded if len(tokens) > room]
        if overlong and self._overlong == "error":
            raise DataError(
                f"{len(overlong)} of {len(encoded)} prompts leave a response less than "
                f"{completion} of {self.max_length} tokens, the longest has {max(overlong)}: "
                "filter by length, lower max_completion_length, or set overlong: truncate"
            )
        self.truncated += len(overlong)
        return [tokens[-room:] for tokens in encoded]

    def _fitted(self, encoded: list[Encoded]) -> list[Encoded]:
        overlong = [item.length for item in encoded if item.length > self.max_length]
        if overlong and self._overlong == "error":
            raise DataError(
                f"{len(overlong)} of {len(encoded)} are longer than {self.max_length} tokens, the "
                f"longest has {max(overlong)}: filter by length, raise max_length up to the "
                "model's context, or set overlong: truncate"
            )
        self.truncated += len(overlong)
        return [
            item.shortened(self.max_length) if item.length > self.max_length else item
            for item in encoded
        ]

    def _tokens(self, conversations: Sequence[Turns], *, opened: bool) -> list[Tokens]:
        return [
            ids
            for start in range(0, len(conversations), AT_ONCE)
            for ids in self._conversations.encode_conversations(
                conversations[start : start + AT_ONCE], opened=opened
            )
        ]
