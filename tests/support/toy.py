"""Components of a toy world, as local code: cheap, deterministic, and every call is logged."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rlaif_core.api import (
    Abstention,
    ChatReply,
    ChatRequest,
    Comparison,
    Evaluation,
    Evaluator,
    Message,
    Metrics,
    Model,
    ModelError,
    Optimizer,
    Pair,
    Pairing,
    PairwiseJudge,
    Params,
    PluginError,
    Prompt,
    Ranking,
    Response,
    Sampler,
    Source,
    TrainingJob,
    Usage,
    Verdict,
)


def number(*parts: object) -> float:
    """A number in [0, 1) that depends on `parts` alone."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 16**8


class PromptsParams(Params):
    n: int = 12
    start: int = 0


class Prompts(Source[PromptsParams]):
    Params = PromptsParams
    has_gold = True

    def prompts(self) -> Iterator[Prompt]:
        for i in range(self.params.start, self.params.start + self.params.n):
            yield Prompt(f"p{i}", (Message("user", f"question {i}"),))

    def gold(self, prompt: Prompt, response: str) -> float | None:
        return number(response)


class ModelParams(Params):
    log: str = ""
    batch: int = 1
    pause: float = 0.002
    faults: float = 0.0
    broken: float = 0.0
    path: str = "base"


HELD: set[str] = set()
"""Identities of the models whose weights are in memory."""


class ToyModel(Model[ModelParams]):
    """Answers with a number. With `batch` above 1, its answers depend on the batch around them,
    as the last bits of a real model's do."""

    Params = ModelParams

    def __init__(self, params: ModelParams) -> None:
        super().__init__(params)
        self.batch_size = params.batch
        self.concurrency = 8
        self._tries: dict[str, int] = {}

    @property
    def identity(self) -> str:
        # Not the folder of the test: what it answers, and where it fails, would differ by run.
        return "toy:" + "/".join(Path(self.params.path).parts[-2:])

    @property
    def checkpoint(self) -> str | None:
        return self.params.path

    def at(self, checkpoint: str) -> ToyModel:
        if checkpoint == "gone":
            raise PluginError("gone: no such folder")
        return ToyModel(self.params.model_copy(update={"path": checkpoint}))

    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        HELD.add(self.identity)
        keys = [request.key(self.identity) for request in requests]
        await asyncio.sleep(self.params.pause)
        batch = hashlib.sha256("".join(sorted(keys)).encode()).hexdigest()[:6]
        answers: list[ChatReply | ModelError] = []
        for key, request in zip(keys, requests, strict=True):
            tries = self._tries[key] = self._tries.get(key, 0) + 1
            if number("broken", key) < self.params.broken:
                answers.append(ModelError("the toy is broken"))
            elif self.params.batch == 1 and number("fault", key, tries) < self.params.faults:
                answers.append(ModelError("busy", transient=True, retry_after=0.001))
            else:
                about = batch if self.params.batch > 1 else ""
                text = f"{number(request.messages, request.seed, about):.4f}"
                answers.append(ChatReply(text, usage=Usage(10, 1)))
                self._log(key)
        return answers

    async def release(self) -> None:
        HELD.discard(self.identity)

    def _log(self, key: str) -> None:
        if self.params.log:
            handle = os.open(self.params.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(handle, f"{key}\n".encode())
            os.close(handle)


class Answers(Sampler):
    """Three answers a prompt."""

    async def sample(self, prompt: Prompt) -> Sequence[Response]:
        async def one(index: int) -> Response:
            seed = self.context.rng(prompt.id, index).getrandbits(31)
            reply = await self.model.chat(ChatRequest(prompt.messages, seed=seed))
            return Response.of(prompt, reply.text, index, model=self.model.identity)

        return await asyncio.gather(*(one(index) for index in range(3)))


class Judge(PairwiseJudge):
    """Reasons with the model, then asks it again: two dependent calls, like a real judge."""

    async def compare(self, comparison: Comparison) -> Verdict:
        told = f"{comparison.first.text} or {comparison.second.text}"
        ask = (Message("user", told),)
        thought = await self.model.chat(ChatRequest(ask, seed=comparison.vote))
        reply = await self.model.chat(
            ChatRequest((*ask, Message("assistant", thought.text)), seed=comparison.vote)
        )
        p = float(reply.text)
        if p < 0.05:
            return Verdict.abstain(Abstention.UNPARSED, reply.text)
        return Verdict(p, explanation=thought.text)


class LongerParams(Params):
    log: str = ""
    die_after: int = 0


class Longer(PairwiseJudge[LongerParams]):
    """A judge without a model, which logs what it was asked."""

    Params = LongerParams

    async def compare(self, comparison: Comparison) -> Verdict:
        with open(self.params.log, "a", encoding="utf-8") as log:
            print(comparison.first.id, comparison.second.id, file=log)
        asked = len(Path(self.params.log).read_text().splitlines())
        if self.params.die_after and asked > self.params.die_after:
            raise RuntimeError("the judge died")
        return Verdict(float(comparison.first.text > comparison.second.text))


class Every(Pairing):
    """All pairs, all decided ones selected."""

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        if ranking.judged:
            return []
        ones = ranking.responses
        return [(a, b) for i, a in enumerate(ones) for b in ones[i + 1 :]]

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        return [
            (pair.a, pair.b) if pair.p_a > 0.5 else (pair.b, pair.a)
            for pair in ranking.judged
            if pair.p_a is not None
        ]


class Copy(Optimizer):
    """Writes what it was given."""

    def train(self, job: TrainingJob) -> Metrics:
        for step in range(3):
            job.progress(step + 1, 3, {"loss": 1.0 / (step + 1)})
        from_ = {"checkpoint": job.checkpoint, "reference": job.reference}
        (job.output / "policy.json").write_text(json.dumps(from_))
        return {"loss": 0.25}


class Weighing(Optimizer):
    """Writes down whose weights are in memory while it trains, and asks for rewards if it may."""

    def train(self, job: TrainingJob) -> Metrics:
        told = {"held": sorted(HELD)}
        if job.scorer is not None:
            job.scorer([job.prompts[0]] * 2, ["0.1", "0.2"])
        (job.output / "told.json").write_text(json.dumps(told))
        return {"loss": 0.25}


class WeighingOnline(Weighing):
    """Learns from rewards."""

    needs_preferences = False
    needs_scorer = True


class Gold(Evaluator):
    """Mean gold scores before and after."""

    describes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "policy.gold_score": {"higher_is_better": True, "heldout": True, "evidence": "gold"}
    }

    async def evaluate(self, evaluation: Evaluation) -> Mapping[str, Mapping[str, Any]]:
        assert evaluation.gold is not None
        scores = [
            sum(
                evaluation.gold(p, r.text) or 0.0
                for p, r in zip(evaluation.prompts, many, strict=True)
            )
            / len(evaluation.prompts)
            for many in (evaluation.before, evaluation.after)
        ]
        pairs = [
            (prompt, (after, before))
            for prompt, after, before in zip(
                evaluation.prompts, evaluation.after, evaluation.before, strict=True
            )
        ]
        judged = await evaluation.judge(pairs)
        won = sum((pair.p_a or 0.0) > 0.5 for pair in judged) / len(judged)
        return {
            "policy": {
                "gold_score": {"before": scores[0], "after": scores[1]},
                "win_rate": {"value": won, "low": 0.0, "high": 1.0},
            }
        }
