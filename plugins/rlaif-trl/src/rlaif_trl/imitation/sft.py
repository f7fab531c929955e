"""The optimizer `sft`: supervised training on chosen responses and on why they were chosen."""

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
    """Learns chosen responses by heart, such as revisions; each one once, whatever it beat."""

    Params = SFTParams

    def check_data(self, job: TrainingJob) -> None:
        """Refuse preferences that are too few, or that explain nothing where that is asked for."""
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
            "loss", "nll" (unweighted, nats a token), "steps", "responses", "explanations" (how
            many) and "truncated".
        """
        from rlaif_trl.imitation.imitate import imitate
        from rlaif_trl.policy.run import PolicyRun

        pairs = read_pairs(job.preferences)
        responses = chosen(pairs)
        told = explained(pairs) if self.params.explanations else []
        weights = [1.0] * len(responses) + [self.params.explanations] * len(told)
        figures = imitate(PolicyRun.load(job, self.params), responses + told, weights)
        return figures | {"responses": len(responses), "explanations": len(told)}


def chosen(pairs: Sequence[LabelledPair]) -> list[Example]:
    """The chosen responses, each once, in the order of their pairs."""
    return list(dict.fromkeys((pair.prompt, pair.chosen) for pair in pairs))


def explained(pairs: Sequence[LabelledPair]) -> list[Example]:
    """Conversations in which the policy says, in the judge's words, why its answer is better.

    The question shows it the rejected response, and only the explanation is learned: it is a
    training signal beside the responses, and changes nothing in what is asked of the policy.
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
