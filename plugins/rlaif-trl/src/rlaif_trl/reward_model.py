"""The reward model `trl`: a scalar head on a language model, Bradley-Terry with soft labels."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from rlaif_core.api import Metrics, Prompt, RewardModel, TrainingJob
from rlaif_trl.params import Training
from rlaif_trl.preferences import (
    LabelledPair,
    Weighting,
    check_trainable,
    read_pairs,
    split_heldout,
)

if TYPE_CHECKING:
    from datasets import Dataset

    from rlaif_trl.chat import ChatEncoder, Tokens
    from rlaif_trl.scoring import SequenceScorer

EncodedPair = tuple["Tokens", "Tokens"]
"""Token ids of prompt + chosen and of prompt + rejected."""


class ScalarHeadParams(Training):
    """Parameters of `trl`."""

    learning_rate: float = Field(default=1e-4, gt=0, description="at its peak")
    soft_labels: bool = Field(default=True, description="train towards p_chosen")
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=0.5, description="share of labels taken to be flipped"
    )
    margin: float = Field(
        default=0.0, ge=0, description="asked of h, times the preference's margin: ℓ(h - margin)"
    )
    weights: Weighting = Field(default="none", description="what pairs are weighted by")
    center_rewards_coefficient: float = Field(
        default=0.01, ge=0, description="η of η·(r(chosen) + r(rejected))²; 0: rewards may drift"
    )
    reference_size: int = Field(
        default=4096, ge=2, description="responses that mean and deviation are taken over, at most"
    )
    score_batch_tokens: int = Field(
        default=8192, ge=1, description="tokens scored at once, padding included"
    )


class ScalarHead(RewardModel[ScalarHeadParams]):
    """A scalar head on any sequence model, trained by TRL; mean 0 and deviation 1 are built in."""

    Params = ScalarHeadParams

    def __init__(self, params: ScalarHeadParams) -> None:
        super().__init__(params)
        self._loaded: tuple[ChatEncoder, SequenceScorer] | None = None

    def fit(self, job: TrainingJob) -> Metrics:
        """Train on the preferences that are not held out; see `RewardModel.fit`.

        Returns:
            "loss" and "training_accuracy" over the last logged steps, "steps", "preferences",
            "truncated", "heldout" (how many preferences were held out); with any held out also
            "accuracy" and "heldout_loss" on them; "mean" and "deviation", which were folded into
            the head, and "centring_error", see `rlaif_trl.standardise`.

        Raises:
            DataError: If the preferences are too few, all ties, too long, or teach nothing.
            PluginError: If the checkpoint or `lora` cannot be used.
            RunError: If the loss stops being a number.
        """
        from rlaif_trl.isolation import isolated

        pairs, held = split_heldout(read_pairs(job.preferences), job.heldout)
        check_trainable(pairs, self.params.min_preferences)
        with isolated(self.params.seed_of(job)):
            return self._fit(job, pairs, held)

    def load(self, folder: str) -> None:
        """Make the model in `folder` the one that `score` uses, on a GPU if there is one.

        Raises:
            PluginError: If it cannot be loaded, or does not have one output.
        """
        import torch

        from rlaif_trl.checkpoint import load_reward_model, load_tokenizer
        from rlaif_trl.isolation import isolated

        with isolated(0):
            tokenizer = load_tokenizer(folder)
            model: Any = load_reward_model(folder)
        if torch.cuda.is_available():
            model.cuda()
        self._loaded = self._encoder(model, tokenizer), self._scorer(model, tokenizer)

    def score(self, prompts: Sequence[Prompt], responses: Sequence[str]) -> list[float]:
        """Standard rewards; see `RewardModel.score`.

        Raises:
            LookupError: If no model is loaded.
            ValueError: If prompts and responses are not equally many.
            DataError: If one is too long and `overlong` is "error".
        """
        if self._loaded is None:
            raise LookupError("no reward model is loaded: call load first")
        encoder, scorer = self._loaded
        items = [
            (prompt.messages, (response,))
            for prompt, response in zip(prompts, responses, strict=True)
        ]
        return scorer.rewards([one.prompt + one.responses[0] for one in encoder.encode(items)])

    async def close(self) -> None:
        """Let the loaded model go."""
        self._loaded = None

    def _fit(
        self, job: TrainingJob, pairs: list[LabelledPair], held: list[LabelledPair]
    ) -> Metrics:
        from trl.trainer.reward_config import RewardConfig

        from rlaif_trl.adapter import adapter_config, merge_adapter
        from rlaif_trl.arguments import arguments, run
        from rlaif_trl.checkpoint import load_classifier, load_tokenizer, save
        from rlaif_trl.reward_trainer import LabelledCollator, SoftRewardTrainer
        from rlaif_trl.standardise import standardise

        params = self.params
        tokenizer = load_tokenizer(job.checkpoint)
        model = load_classifier(job.checkpoint, params.dtype)
        encoder = self._encoder(model, tokenizer)
        training, heldout = _encode(encoder, pairs), _encode(encoder, held)
        trainer = SoftRewardTrainer(
            model=model,
            args=arguments(RewardConfig, params, job),
            data_collator=LabelledCollator(pad_token_id=tokenizer.pad_token_id),
            train_dataset=self._dataset(pairs, training),
            processing_class=tokenizer,
            peft_config=adapter_config(params.lora, model, "SEQ_CLS"),
            label_smoothing=params.label_smoothing,
            centring=params.center_rewards_coefficient,
        )
        trained = run(trainer, job)
        metrics = {
            "loss": trained.figures["loss"],
            "training_accuracy": trained.figures["accuracy"],
            "steps": trained.steps,
            "preferences": len(pairs),
            "truncated": encoder.truncated,
            "heldout": len(held),
        }
        if job.cancelled():
            return metrics
        merged = merge_adapter(trained.model, job.output)
        scorer = self._scorer(merged, tokenizer)
        scale = standardise(scorer, self._reference_set(training, job))
        metrics |= {
            "mean": scale.mean,
            "deviation": scale.deviation,
            "centring_error": scale.error,
        }
        if held:
            metrics |= _measure(scorer, scale.deviation, held, heldout)
        save(merged, tokenizer, job.output)
        return metrics

    def _reference_set(self, training: list[EncodedPair], job: TrainingJob) -> list[Tokens]:
        """Both responses of all pairs, or of as many as `reference_size` allows."""
        pairs = min(len(training), self.params.reference_size // 2)
        drawn = random.Random(self.params.seed_of(job)).sample(training, pairs)
        return [response for pair in drawn for response in pair]

    def _encoder(self, model: Any, tokenizer: Any) -> ChatEncoder:
        from rlaif_trl.chat import ChatEncoder
        from rlaif_trl.checkpoint import context_length

        limit = context_length(model, tokenizer, self.params.max_length)
        return ChatEncoder(tokenizer, limit, self.params.overlong)

    def _scorer(self, model: Any, tokenizer: Any) -> SequenceScorer:
        from rlaif_trl.scoring import SequenceScorer

        return SequenceScorer(model, tokenizer.pad_token_id, self.params.score_batch_tokens)

    def _dataset(self, pairs: Sequence[LabelledPair], encoded: Sequence[EncodedPair]) -> Dataset:
        from datasets import Dataset

        from rlaif_trl.labels import label_rows

        labels = label_rows(
            pairs,
            soft=self.params.soft_labels,
            margin=self.params.margin,
            weighting=self.params.weights,
        )
        return Dataset.from_list(
            [
                {"chosen_ids": chosen, "rejected_ids": rejected, **label}
                for (chosen, rejected), label in zip(encoded, labels, strict=True)
            ]
        )


def _encode(encoder: ChatEncoder, pairs: Sequence[LabelledPair]) -> list[EncodedPair]:
    """Each response as `score` will see it: with its prompt, shortened on its own."""
    items = [(pair.prompt, (text,)) for pair in pairs for text in (pair.chosen, pair.rejected)]
    sequences = [one.prompt + one.responses[0] for one in encoder.encode(items)]
    return list(zip(sequences[::2], sequences[1::2], strict=True))


def _measure(
    scorer: SequenceScorer,
    deviation: float,
    pairs: Sequence[LabelledPair],
    encoded: Sequence[EncodedPair],
) -> dict[str, float]:
    """Accuracy on held-out preferences, ties one half, and their loss on the scale of training."""
    import torch

    from rlaif_trl.losses import bradley_terry

    rewards = torch.tensor(scorer.rewards([one for pair in encoded for one in pair]))
    margins = rewards[::2] - rewards[1::2]
    labels = torch.tensor([pair.p_chosen for pair in pairs])
    return {
        "accuracy": float((1 + torch.sign(margins)).mean() / 2),
        "heldout_loss": float(bradley_terry(deviation * margins, labels).mean()),
    }
