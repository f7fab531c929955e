"""The optimizer `sft`: supervised training on chosen responses, and on their explanations."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from pydantic import Field

from rlaif_core.api import DataError, Message, Metrics, TrainingJob
from rlaif_trl.policy.optimizer import PolicyOptimizer
from rlaif_trl.preferences.pairs import LabelledPair, check_enough, read_pairs
from rlaif_trl.training.params import PolicyTraining

Example = tuple[tuple[Message, ...], str]


class SFTParams(PolicyTraining):
    """Parameters of `sft`."""

    learning_rate: float = Field(default=1e-5, gt=0, description="at its peak")
    per_device_train_batch_size: int = Field(default=8, ge=1, description="responses")
    explanations: float = Field(
        default=0.0, ge=0, description="weight of the judge's explanations; 0: leave them out"
    )


class SFT(PolicyOptimizer[SFTParams]):
    """Supervised training on chosen responses, such as revisions, each of them once."""

    Params = SFTParams

    def check_data(self, job: TrainingJob) -> None:
        """Refuse too few preferences, or none with explanations if those are to be learned."""
        pairs = read_pairs(job.preferences)
        check_enough(len(chosen(pairs)), self.params.min_preferences, "chosen responses")
        if self.params.explanations and not any(pair.explanation for pair in pairs):
            raise DataError(
                "no preference has an explanation to learn: use a judge that reasons, or set "
                "explanations: 0"
            )

    def run(self, job: TrainingJob) -> Metrics:
        """Train and save; see `PolicyOptimizer.train`.

        Returns:
            "loss", "nll" (unweighted, nats per token), "steps", "responses", "explanations" (their
            number) and "truncated".
        """
        from rlaif_trl.imitation.imitate import imitate
        from rlaif_trl.policy.run import PolicyRun

        pairs = read_pairs(job.preferences)
        responses = chosen(pairs)
        explanations = explained(pairs) if self.params.explanations else []
        weights = [1.0] * len(responses) + [self.params.explanations] * len(explanations)
        figures = imitate(PolicyRun.load(job, self.params), responses + explanations, weights)
        return figures | {"responses": len(responses), "explanations": len(explanations)}


def chosen(pairs: Sequence[LabelledPair]) -> list[Example]:
    """The chosen responses, each once, in the order of their pairs."""
    return list(dict.fromkeys((pair.prompt, pair.chosen) for pair in pairs))


def explained(pairs: Sequence[LabelledPair]) -> list[Example]:
    """Conversations in which the policy explains, in the judge's words, why its answer is better.

    The question shows the rejected response, and only the explanation is learned: a training
    signal beside the responses, which does not change the prompts of the policy.
    """
    question = (files("rlaif_trl.imitation") / "explain.txt").read_text(encoding="utf-8").strip()
    return [
        (
            (
                *pair.prompt,
                Message("assistant", pair.chosen),
                Message("user", question.replace("{rejected}", pair.rejected)),
            ),
            pair.explanation,
        )
        for pair in pairs
        if pair.explanation
    ]
