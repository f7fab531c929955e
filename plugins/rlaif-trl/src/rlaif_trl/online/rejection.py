"""The optimizer `rejection`: supervised training on the best of n own responses (RAFT)."""

from __future__ import annotations

from pydantic import Field

from rlaif_core.api import DataError, Metrics, TrainingJob
from rlaif_trl.policy.optimizer import OnlineOptimizer, scorer_of
from rlaif_trl.training.params import OnlineTraining


class RejectionParams(OnlineTraining):
    """Parameters of `rejection`."""

    learning_rate: float = Field(default=1e-5, gt=0, description="at its peak")
    num_generations: int = Field(default=8, ge=2, description="n: responses to a prompt")
    min_reward: float | None = Field(
        default=None, description="leave out prompts whose best response is below it"
    )


class Rejection(OnlineOptimizer[RejectionParams]):
    """Best-of-n fine-tuning (RAFT, 2304.06767): draw n, keep the best, imitate it."""

    Params = RejectionParams

    def run(self, job: TrainingJob) -> Metrics:
        """Draw, score, train and save; see `PolicyOptimizer.train`.

        Returns:
            "loss", "nll", "steps", "responses" (trained on), "reward" (mean of all that were
            scored), "best_reward" (mean of those trained on), "left_out" (share of responses
            without a reward) and "truncated".

        Raises:
            DataError: If no response is left to train on.
        """
        from rlaif_trl.imitation.imitate import imitate
        from rlaif_trl.model.sampling import Draw
        from rlaif_trl.online.best_of_n import best_responses, mean_rewards
        from rlaif_trl.policy.run import PolicyRun
        from rlaif_trl.training.phases import Phases

        params = self.params
        phases = Phases(job, 2)
        run = PolicyRun.load(job, params)
        draw = Draw(params.max_completion_length, params.temperature, params.top_p, params.top_k)
        drawing = phases.next("drawing").progress
        bests = best_responses(run, scorer_of(job), params.num_generations, draw, drawing)
        least = float("-inf") if params.min_reward is None else params.min_reward
        kept = [best for best in bests if best.reward is not None and best.reward >= least]
        drawn = params.num_generations * len(bests)
        metrics = {"left_out": sum(best.left_out for best in bests) / max(drawn, 1)}
        if job.cancelled():
            return metrics | {"steps": 0}
        if not kept:
            raise DataError(
                f"none of {drawn} responses is left to train on: the scorer abstained or all are "
                "below min_reward; look at the scorer's answers, or lower min_reward"
            )
        metrics |= mean_rewards(bests) | {
            "responses": len(kept),
            "best_reward": sum(best.reward or 0.0 for best in kept) / len(kept),
        }
        examples = [(job.prompts[best.prompt].messages, best.text) for best in kept]
        run.job = phases.last()
        return imitate(run, examples, [1.0] * len(kept)) | metrics
