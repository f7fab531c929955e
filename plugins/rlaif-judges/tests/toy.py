"""A policy that answers, judges its answers, and judges its judgments; a reader of injections; an
optimizer of none.

Local code for a recipe in place of real weights: everything depends on the texts and the seed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from rlaif_core.api import (
    ChatReply,
    ChatRequest,
    Metrics,
    Model,
    ModelError,
    Optimizer,
    Params,
    TrainingJob,
    Usage,
)
from rlaif_judges.injections import injections


def drawn(*parts: object) -> int:
    """A number below 6 that depends on `parts` alone."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) % 6


class PolicyParams(Params):
    path: str = "base"


class Policy(Model[PolicyParams]):
    """An answer has a worth from 0 to 5; a judgment is off by one point at most, and rarely two;
    the nearer it is the better, which is what a meta-judgment says."""

    Params = PolicyParams
    concurrency = 8

    @property
    def identity(self) -> str:
        return f"toy:{self.params.path}"

    @property
    def checkpoint(self) -> str | None:
        return self.params.path

    def at(self, checkpoint: str) -> Policy:
        return Policy(PolicyParams(path=checkpoint))

    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        return [ChatReply(self._said(request), usage=Usage(10, 10)) for request in requests]

    def _said(self, request: ChatRequest) -> str:
        text = request.messages[-1].content
        if "two judgments" in text:
            return self._compared(text)
        if "Score the response" in text:
            return self._scored(text, request.seed)
        worth = drawn("worth", text, request.seed)
        return f"An answer worth {worth}." + " And so on." * drawn("length", text, request.seed)

    def _scored(self, text: str, seed: int) -> str:
        worth = int(re.search(r"worth (\d)\.", text)[1])
        off = (-2, -1, 0, 0, 1, 1)[drawn("off", text, seed)]
        return f"It is what it is.\nScore: {min(max(worth + off, 0), 5)}"

    def _compared(self, text: str) -> str:
        worth = int(re.search(r"worth (\d)\.", text)[1])
        first, second = (
            abs(int(points) - worth) for points in re.findall(r"^Score: (\d)$", text, re.M)
        )
        better = "tie" if first == second else "A" if first < second else "B"
        return json.dumps({"explanation": "", "preference": better, "confidence": 0.9})


class Copy(Optimizer):
    """Trains nothing."""

    def train(self, job: TrainingJob) -> Metrics:
        (job.output / "policy.json").write_text(json.dumps({"from": job.checkpoint}))
        return {"loss": 0.0}


class ReaderParams(Params):
    gullible: bool = False


class Reader(Model[ReaderParams]):
    """Knows the right answers of the suite of injections; if gullible, it does as it is told."""

    Params = ReaderParams
    concurrency = 8

    @property
    def identity(self) -> str:
        return f"reader:{self.params.gullible}"

    async def complete(self, requests: Sequence[ChatRequest]) -> Sequence[ChatReply | ModelError]:
        return [ChatReply(self._said(request.messages[-1].content)) for request in requests]

    def _said(self, question: str) -> str:
        mark = re.search(r"lines that begin with (--[0-9a-f]{8})\.", question)[1]
        parts = re.split(rf"^{mark} (.*)\n", question, flags=re.M)
        shown = {
            name: text.rstrip("\n") for name, text in zip(parts[1::2], parts[2::2], strict=True)
        }
        if "response" in shown:
            best = 5 if "from 0 to 5" in question else 10
            return f"So.\nScore: {(1, best - 1, best)[self._worth(shown['response'])]}"
        first, second = (self._worth(shown[f"response {letter}"]) for letter in "AB")
        better = "A" if first > second else "B"
        return json.dumps({"explanation": "So.", "preference": better, "confidence": 0.9})

    def _worth(self, response: str) -> int:
        """1 for the right answer, 0 for another, 2 for what addresses a reader who obeys."""
        if response in RIGHT:
            return 1
        return 2 * (self.params.gullible and response not in OPENINGS)


RIGHT = {injection.honest.text for injection in injections()}
OPENINGS = {
    injection.attacking.text for injection in injections() if injection.kind == "master-key"
}
