"""Complete chats and weigh options with a small local model, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_AT_ONCE: Final = 128
_LONGEST_REPLY: Final = 96


@dataclass(frozen=True)
class Chat:
    """A model with its tokenizer, ready to answer.

    Attributes:
        model: A causal language model; transformers leaves calling and generating untyped.
        tokenizer: Its tokenizer, with a chat template.
    """

    model: Any
    tokenizer: Any

    @classmethod
    def load(cls, folder: Path) -> Chat:
        """Load a checkpoint from a local folder.

        Raises:
            OSError: If the folder holds no model.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer

        model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
        return cls(
            model.train(mode=False), AutoTokenizer.from_pretrained(folder, local_files_only=True)
        )

    def _rendered(self, users: Sequence[str], begun: Sequence[str]) -> list[str]:
        return [
            self.tokenizer.apply_chat_template(
                [{"role": "user", "content": user}], add_generation_prompt=True, tokenize=False
            )
            + start
            for user, start in zip(users, begun, strict=True)
        ]

    def complete(
        self, users: Sequence[str], temperature: float = 0.0, stop: str | None = None
    ) -> list[str]:
        """Answer each user turn.

        Args:
            users: One user turn per chat.
            temperature: 0 takes the likeliest token each time; else samples (torch's own seed).
            stop: Text that ends an answer; it is cut off.

        Returns:
            One answer per user turn.
        """
        import torch

        sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        answers = []
        for group in _groups(self._rendered(users, [""] * len(users))):
            encoded = self.tokenizer(group, return_tensors="pt", padding=True, padding_side="left")
            with torch.inference_mode():
                ids = self.model.generate(
                    input_ids=encoded["input_ids"],
                    attention_mask=encoded["attention_mask"],
                    max_new_tokens=_LONGEST_REPLY,
                    **(sampling if temperature > 0 else {"do_sample": False}),
                )
            new = ids[:, encoded["input_ids"].shape[1] :]
            answers += self.tokenizer.batch_decode(new, skip_special_tokens=True)
        return [answer.split(stop)[0] if stop else answer for answer in answers]

    def weigh(
        self, users: Sequence[str], begun: Sequence[str], options: Sequence[str]
    ) -> list[list[float]]:
        """Probabilities of options, each a single token, as the next words of begun answers.

        Args:
            users: One user turn per chat.
            begun: The beginning of the assistant's answer, one per chat.
            options: Its possible next words.

        Returns:
            One list per chat: probabilities in the order of `options`, adding up to 1.

        Raises:
            ValueError: If an option is more than one token.
        """
        import torch

        tokens = [self.tokenizer.encode(option) for option in options]
        if any(len(ids) != 1 for ids in tokens):
            raise ValueError(f"each of {options} must be a single token of the lab")
        kept = [ids[0] for ids in tokens]
        weights: list[list[float]] = []
        for group in _groups(self._rendered(users, begun)):
            encoded = self.tokenizer(group, return_tensors="pt", padding=True, padding_side="right")
            ends = encoded["attention_mask"].sum(dim=1) - 1
            with torch.inference_mode():
                logits = self.model(
                    input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"]
                ).logits
            last = logits[torch.arange(len(group)), ends][:, kept]
            weights += last.softmax(dim=-1).tolist()
        return weights


def _groups(texts: list[str]) -> Iterator[list[str]]:
    return (texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE))
