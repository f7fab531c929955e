"""More components of the toy world: verifiers, scores, and an optimizer that learns online."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

from rlaif_core.api import (
    Abstention,
    Comparison,
    Context,
    Evaluation,
    Evaluator,
    Metrics,
    Optimizer,
    Pair,
    Pairing,
    PairwiseJudge,
    Params,
    PointwiseJudge,
    Prompt,
    Ranking,
    Response,
    RewardModel,
    RunError,
    Score,
    Settlement,
    TrainingJob,
    Verdict,
)


class LimitParams(Params):
    limit: float = 0.5
    missing: float = 0.0


class Above(PointwiseJudge[LimitParams]):
    """A verifier: right if the number is at least the limit; below `missing` it cannot tell."""

    Params = LimitParams

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        value = float(response.text)
        if value < self.params.missing:
            return Score(abstention=Abstention.UNKNOWN, detail="no truth")
        return Score(float(value >= self.params.limit))


class Value(PointwiseJudge):
    """The number itself."""

    scale = 0.1

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        return Score(float(response.text))


class Sharp(PairwiseJudge):
    """Far too sure: nearly 1 for the greater number, which is right three times in four."""

    async def compare(self, comparison: Comparison) -> Verdict:
        greater = float(comparison.first.text) > float(comparison.second.text)
        return Verdict(0.99 if greater else 0.01, explanation="it is greater")


class Patient(Sharp):
    """Says nothing of the first prompt before it was asked about the last one."""

    async def setup(self, context: Context) -> None:
        await super().setup(context)
        self._last = asyncio.Event()

    async def compare(self, comparison: Comparison) -> Verdict:
        if comparison.prompt.id == "p11":
            self._last.set()
        if comparison.prompt.id == "p0":
            await asyncio.wait_for(self._last.wait(), timeout=10)
        return await super().compare(comparison)


class Faltering(Sharp):
    """Fails at the first pair of the first two prompts, shown as proposed."""

    async def compare(self, comparison: Comparison) -> Verdict:
        shown = comparison.first.index, comparison.second.index
        if comparison.prompt.id in ("p0", "p1") and shown == (0, 1):
            return Verdict.abstain(Abstention.FAILED, "out of order")
        return await super().compare(comparison)


class Singly(Pairing):
    """All pairs, one proposed after the other."""

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        pairs = list(combinations(ranking.responses, 2))
        return pairs[len(ranking.judged) :][:1]

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        return [(pair.a, pair.b) for pair in ranking.judged]


class Settler(Sharp):
    """Turns every verdict round once it has seen them all."""

    def settle(self, comparisons: Sequence[Comparison], verdicts: Sequence[Verdict]) -> Settlement:
        greater = [
            float(comparison.first.text) > float(comparison.second.text)
            for comparison in comparisons
        ]
        return Settlement(
            [Verdict(0.2 if is_greater else 0.8) for is_greater in greater], {"seen": len(greater)}
        )


class MoodParams(Params):
    flat_after: str = ""
    legible: float = 0.0


class Itself(PointwiseJudge[MoodParams]):
    """The policy as its own judge: once it is trained, every response gets the top score."""

    Params = MoodParams
    judges_itself = True
    needs_model = True

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        if float(response.text) < self.params.legible:
            return Score(abstention=Abstention.UNPARSED, detail="10 is not one of 0, 1, 2, 3, 4, 5")
        trained = "round-" in self.model.identity
        return Score(5.0 if trained else round(5 * float(response.text)))


class Seen(Evaluator):
    """How many responses of the base, of this round's policy and of the last one it was given."""

    async def evaluate(self, evaluation: Evaluation) -> Mapping[str, Mapping[str, Any]]:
        given = (evaluation.before, evaluation.after, evaluation.previous)
        return {"policy": {"seen": [len(value) for value in given]}}


class Learner(Optimizer):
    """Writes down what it was rewarded."""

    needs_preferences = False
    needs_scorer = True

    def train(self, job: TrainingJob) -> Metrics:
        assert job.scorer is not None
        prompts = [prompt for prompt in job.prompts[:4] for _ in range(4)]
        texts = [text for _ in range(4) for text in ("0.1", "0.4", "0.6", "0.9")]
        told: dict[str, Any] = {"rewards": job.scorer(prompts, texts)}
        told["groups"] = [len(list(many)) for _, many in groupby(prompts)]
        if job.watch is not None:
            told["watched"] = job.watch(job.heldout_prompts, ["0.7"] * len(job.heldout_prompts))
        job.progress(1, 1, {"loss": 0.0})
        told |= {"checkpoint": job.checkpoint, "reference": job.reference}
        told |= {"prompts": [prompt.id for prompt in job.prompts]}
        (job.output / "told.json").write_text(json.dumps(told))
        return {"loss": 0.0}


class Numbers(RewardModel):
    """Rewards a response by its number; `loaded` while it is held in memory."""

    loaded = False

    def fit(self, job: TrainingJob) -> Metrics:
        assert not self.loaded
        (job.output / "model.json").write_text("{}")
        return {"accuracy": 1.0}

    def load(self, folder: str) -> None:
        self.loaded = (Path(folder) / "model.json").exists()

    def score(self, prompts: Sequence[Prompt], responses: Sequence[str]) -> list[float]:
        assert self.loaded
        return [float(response) for response in responses]

    async def close(self) -> None:
        self.loaded = False


class StepsParams(Params):
    dies: bool = False


class Steps(Optimizer[StepsParams]):
    """Four calls for rewards, a checkpoint after the second; dies after the third, if it is to."""

    Params = StepsParams
    needs_preferences = False
    needs_scorer = True

    def train(self, job: TrainingJob) -> Metrics:
        assert job.scorer is not None
        assert job.work is not None
        checkpoint = job.work / "step-2"
        resumed = checkpoint.exists()
        rewards: list[list[float | None]] = []
        for step in range(2 if resumed else 0, 4):
            if step == 3 and self.params.dies and not resumed:
                raise RunError("the power went out; run the same command again")
            rewards.append(list(job.scorer(job.prompts[:2], [f"0.{step}", f"0.{step + 1}"])))
            job.progress(step + 1, 4, {"loss": 0.0})
            if step == 1:
                checkpoint.touch()
        (job.output / "told.json").write_text(json.dumps({"last": rewards[-2:]}))
        return {"loss": 0.0}


class Checkpointing(Optimizer):
    """Dies after its first checkpoint, and goes on from there."""

    def train(self, job: TrainingJob) -> Metrics:
        assert job.work is not None
        checkpoint = job.work / "step-1"
        begun = checkpoint.exists()
        checkpoint.touch()
        if not begun:
            raise RunError("the power went out; run the same command again")
        (job.output / "policy.json").write_text('{"resumed": true}')
        return {"loss": 0.0}


class Watched(Optimizer):
    """Learns from pairs, and looks at what it is watched by."""

    def train(self, job: TrainingJob) -> Metrics:
        assert job.watch is not None
        watched = job.watch(job.heldout_prompts, ["0.7"] * len(job.heldout_prompts))
        told = {"scorer": job.scorer is not None, "watched": watched}
        (job.output / "told.json").write_text(json.dumps(told))
        return {"loss": 0.0}
