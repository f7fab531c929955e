"""The reward model `trl`: a scalar head on a language model, trained on pairs or rankings."""

from __future__ import annotations

from rlaif_core.api import PluginError, TrainingJob
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward.ensemble_file import EnsembleFile
from rlaif_trl.reward.params import ScalarHeadParams
from rlaif_trl.reward.preference_model import PreferenceModel, Rewards


class ScalarHead(PreferenceModel[ScalarHeadParams]):
    """A scalar head on any sequence model, trained by TRL; mean 0 and deviation 1 are built in."""

    Params = ScalarHeadParams

    def run(
        self, job: TrainingJob, pairs: list[LabelledPair], held: list[LabelledPair]
    ) -> dict[str, float]:
        """Train and save; see `PreferenceModel.run`.

        Returns:
            "loss" and "training_accuracy" over the last logged steps, "steps", "preferences",
            "truncated", "heldout" (number of preferences held out); with any held out the
            metrics of `heldout.measure`; "mean" and "deviation", which are folded into the
            head, and "centring_error", see `standardise`; with the loss plackett_luce "rankings"
            and "inconsistent"; with `noise` "noise_flagged" and "folds_agreement".
        """
        from rlaif_trl.reward import heldout
        from rlaif_trl.reward.head import reference_set
        from rlaif_trl.reward.prepared import prepare

        params = self.params
        ready = prepare(params, job, pairs, held, trainings=1)
        if ready.stopped:
            return ready.metrics
        head = ready.head
        head.job = ready.phases.last()
        metrics = ready.metrics | head.train(ready.training)
        if head.stopped or not head.first:
            return metrics
        reference = reference_set(ready.training, params.reference_size, params.seed_of(job))
        scale = head.standardise(reference)
        metrics |= {
            "mean": scale.mean,
            "deviation": scale.deviation,
            "centring_error": scale.error,
        }
        if held:
            metrics |= heldout.measure(head.margins(ready.unseen), held, scale.deviation)
        head.save()
        return metrics

    def opened(self, folder: str) -> Rewards:
        """The model in `folder`, ready to score.

        Raises:
            PluginError: If it cannot be loaded, does not have one output, or is an ensemble.
        """
        from rlaif_trl.reward.text_scorer import TextScorer

        ensemble = EnsembleFile.read(folder)
        if ensemble is not None and len(ensemble.members) > 1:
            raise PluginError(
                f"{folder}: an ensemble of {len(ensemble.members)} reward models: load it as "
                "'ensemble', not as 'trl' (`rlaif reward score` with `--reward-model ensemble`)"
            )
        return TextScorer(folder, self.params).rewards
