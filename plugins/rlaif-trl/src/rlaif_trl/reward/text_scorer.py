"""A trained reward model as a function of prompts and responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from rlaif_core.api import Prompt
from rlaif_trl.model.chat import ChatEncoder
from rlaif_trl.model.checkpoint import context_length, load_reward_model, load_tokenizer
from rlaif_trl.model.threads import computing_for
from rlaif_trl.reward.params import RewardTraining
from rlaif_trl.reward.scoring import SequenceScorer
from rlaif_trl.training.isolation import isolated


class TextScorer:
    """Scores with the model in a folder, on a GPU if there is one.

    Args:
        folder: Folder written by `fit`, or a hub name.
        params: Limits of lengths and batches.

    Raises:
        PluginError: If it cannot be loaded, or does not have one output.
    """

    def __init__(self, folder: str, params: RewardTraining) -> None:
        with isolated(0):
            tokenizer = load_tokenizer(folder)
            model: Any = load_reward_model(folder)
        if torch.cuda.is_available():
            model.cuda()
        limit = context_length(model, tokenizer, params.max_length)
        config = model.config.get_text_config()
        if config.pad_token_id is None:  # without it the model refuses batches
            config.pad_token_id = tokenizer.pad_token_id
        self._model = model
        self._encoder = ChatEncoder(tokenizer, limit, params.overlong)
        self._scorer = SequenceScorer(model, config.pad_token_id, params.score_batch_tokens)

    def rewards(self, prompts: Sequence[Prompt], responses: Sequence[str]) -> list[float]:
        """One reward per response.

        Raises:
            ValueError: If prompts and responses are not equally many.
            DataError: If one is too long and `overlong` is "error".
        """
        items = [
            (prompt.messages, (response,))
            for prompt, response in zip(prompts, responses, strict=True)
        ]
        encoded = self._encoder.encode(items)
        with computing_for(self._model):
            return self._scorer.rewards([item.prompt + item.responses[0] for item in encoded])
