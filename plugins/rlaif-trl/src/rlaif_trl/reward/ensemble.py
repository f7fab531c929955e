"""The reward model `ensemble`: several scalar heads, and one reward from them all."""

from __future__ import annotations

from collections.abc import Sequence

from rlaif_core.api import PluginError, Prompt, TrainingJob
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward.aggregation import aggregate
from rlaif_trl.reward.ensemble_file import EnsembleFile
from rlaif_trl.reward.params import EnsembleParams
from rlaif_trl.reward.preference_model import PreferenceModel, Rewards


class Ensemble(PreferenceModel[EnsembleParams]):
    """Scalar heads of different seeds: mean, minimum, mean - λ·variance or averaged weights."""

    Params = EnsembleParams

    def run(
        self, job: TrainingJob, pairs: list[LabelledPair], held: list[LabelledPair]
    ) -> dict[str, float]:
        """Train and save; see `PreferenceModel.run`.

        `job.output` is a sequence classifier by itself: the first member, or the averaged model.

        Returns:
            As `ScalarHead.run`, "loss", "training_accuracy" and "steps" being means over the
            members, and "mean" and "deviation" those of the aggregate; "members"; "disagreement",
            the mean over the reference set of the members' deviation; with any preference held
            out "member_accuracy", the members' mean.
        """
        from rlaif_trl.reward.ensemble_training import train

        return train(self.params, job, pairs, held)

    def opened(self, folder: str) -> Rewards:
        """The ensemble in `folder`, ready to score.

        The aggregation is the one that it was trained with.

        Raises:
            PluginError: If it cannot be loaded, or is not an ensemble.
        """
        from rlaif_trl.reward.text_scorer import TextScorer

        made = EnsembleFile.read(folder)
        if made is None:
            raise PluginError(f"{folder}: no ensemble.json in it: load it as 'trl'")
        scorers = [
            TextScorer(folder if member == "." else f"{folder}/{member}", self.params)
            for member in made.members
        ]

        def rewards(prompts: Sequence[Prompt], responses: Sequence[str]) -> list[float]:
            table = [scorer.rewards(prompts, responses) for scorer in scorers]
            together = aggregate(table, made.aggregation, made.variance_penalty)
            return [float(reward) for reward in (together - made.mean) / made.deviation]

        return rewards
