"""A score head on a checkpoint: encoding, training, standardisation and rewards."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from accelerate import PartialState
from datasets import Dataset
from transformers import set_seed
from trl.trainer.reward_config import RewardConfig

from rlaif_core.api import TrainingJob
from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.chat import ChatEncoder
from rlaif_trl.model.checkpoint import context_length, load_classifier, load_tokenizer, save
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward.params import RewardTraining
from rlaif_trl.reward.rows import EncodedPair, ranking_rows
from rlaif_trl.reward.scoring import SequenceScorer
from rlaif_trl.reward.standardise import Standardisation, standardise
from rlaif_trl.reward.trainer import RankingCollator, RankingTrainer
from rlaif_trl.training.adapter import adapter_config, merge_adapter
from rlaif_trl.training.arguments import arguments, run
from rlaif_trl.training.progress import agreed


class Head:
    """A sequence classifier with one output, trained once.

    Args:
        params: Parameters of the training.
        job: Has the checkpoint and the output folder.
        seed: Seeds the order of the data and adapters.
        initial_seed: Seeds the random head; `seed` if not given.

    Raises:
        PluginError: If the checkpoint cannot be used.
    """

    def __init__(
        self, params: RewardTraining, job: TrainingJob, seed: int, initial_seed: int | None = None
    ) -> None:
        self.params = params
        self.job = job
        self.seed = seed
        self.stopped = False
        """True if the user stopped the training, in all processes."""
        self.tokenizer = load_tokenizer(job.checkpoint)
        set_seed(seed if initial_seed is None else initial_seed)
        self.model: Any = load_classifier(job.checkpoint, params.dtype)
        limit = context_length(self.model, self.tokenizer, params.max_length)
        self.encoder = ChatEncoder(self.tokenizer, limit, params.overlong)

    def encode(self, pairs: Sequence[LabelledPair]) -> list[EncodedPair]:
        """Each response with its prompt, shortened on its own, as `score` reads it.

        Raises:
            DataError: If one is too long and `overlong` is "error".
        """
        items = [(pair.prompt, (text,)) for pair in pairs for text in (pair.chosen, pair.rejected)]
        texts = [item.prompt + item.responses[0] for item in self.encoder.encode(items)]
        return [
            EncodedPair(pair, chosen, rejected)
            for pair, chosen, rejected in zip(pairs, texts[::2], texts[1::2], strict=True)
        ]

    def train(self, pairs: Sequence[EncodedPair]) -> dict[str, float]:
        """Train on pairs, or on the rankings that they form, and merge the adapter if there is one.

        Returns:
            "loss" and "training_accuracy" over the last logged steps, "steps", "preferences";
            with the loss plackett_luce also "rankings" and "inconsistent".

        Raises:
            PluginError: If `lora` cannot be used.
            RunError: If the loss is no longer finite.
        """
        params = self.params
        rows = ranking_rows(pairs, params)
        trainer = RankingTrainer(
            model=self.model,
            args=arguments(RewardConfig, params.model_copy(update={"seed": self.seed}), self.job),
            data_collator=RankingCollator(self.pad),
            train_dataset=Dataset.from_list(rows.rows),
            processing_class=self.tokenizer,
            peft_config=adapter_config(params.lora, self.model, "SEQ_CLS"),
            label_smoothing=params.label_smoothing,
            centring=params.center_rewards_coefficient,
        )
        trained = run(trainer, self.job)
        self.stopped = agreed(self.job.cancelled(), trainer.accelerator)
        self.model = trained.model
        if not self.stopped:
            self.model = merge_adapter(trained.model, self.job.output if self.first else None)
        metrics = {
            "loss": trained.figures["loss"],
            "training_accuracy": trained.figures["accuracy"],
            "steps": trained.steps,
            "preferences": len(pairs),
        }
        if params.loss == "plackett_luce":
            metrics |= {"rankings": len(rows.rows), "inconsistent": rows.inconsistent}
        return metrics

    def standardise(self, reference: Sequence[Tokens]) -> Standardisation:
        """Standardise rewards over the reference set; see `rlaif_trl.reward.standardise`."""
        return standardise(self.scorer, reference)

    def rewards(self, pairs: Sequence[EncodedPair]) -> tuple[list[float], list[float]]:
        """Rewards of the chosen and of the rejected responses."""
        rewards = self.scorer.rewards(
            [ids for pair in pairs for ids in (pair.chosen, pair.rejected)]
        )
        return rewards[::2], rewards[1::2]

    def margins(self, pairs: Sequence[EncodedPair]) -> list[float]:
        """r(chosen) - r(rejected) of each pair."""
        return [better - worse for better, worse in zip(*self.rewards(pairs), strict=True)]

    def save(self) -> None:
        """Write the model and its tokenizer to the job's output, in the first process only.

        Raises:
            PluginError: If a weight is not a finite number.
        """
        if self.first:
            save(self.model, self.tokenizer, self.job.output)

    @property
    def first(self) -> bool:
        """True in the first of the training processes, which alone writes."""
        return bool(PartialState().is_main_process)

    @property
    def pad(self) -> int:
        """Id of the padding token."""
        pad: int = self.tokenizer.pad_token_id
        return pad

    @property
    def scorer(self) -> SequenceScorer:
        """Runs the model."""
        return SequenceScorer(self.model, self.pad, self.params.score_batch_tokens)


def reference_set(pairs: Sequence[EncodedPair], size: int, seed: int) -> list[Tokens]:
    """Both responses of all pairs, or of as many pairs, drawn at random, as `size` allows."""
    drawn = random.Random(seed).sample(list(pairs), min(len(pairs), size // 2))
    return [ids for pair in drawn for ids in (pair.chosen, pair.rejected)]
