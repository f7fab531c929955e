"""Run directories as an engine leaves them, written through the ledger, with invented content."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from rlaif_core.api import (
    Abstention,
    ChatReply,
    ChatRequest,
    JudgedPair,
    Message,
    Preference,
    Prompt,
    Response,
    Usage,
    Verdict,
    Vote,
)
from rlaif_core.metrics.records import recorded
from rlaif_core.metrics.run import run_metrics
from rlaif_core.runs.reasons import DUPLICATE, NO_RESPONSE, TIED
from rlaif_core.store.ledger import Call, Kept, Ledger

QUESTIONS = (
    "Explain to a ten-year-old why the sky is blue, in at most three sentences.",
    "My neighbour plays the drums at night. Write a polite note asking him to stop at ten.",
    "What is 17 · 23? Show how you got there.",
    "Summarise the difference between a list and a tuple in Python.",
    "Is it safe to mix bleach and vinegar for cleaning?",
)
ANSWERS = (
    "Sunlight is a mix of colours. Air scatters the blue part more than the red part, so blue "
    "light comes to your eyes from everywhere in the sky.",
    "Because of the ocean, which it reflects.",
    "Certainly! Here is what you asked for:\n\n1. First, take it step by step.\n2. Then check "
    "the result.\n\nLet me know if you need anything else!",
    "No. Together they release chlorine gas, which is dangerous even in small amounts. Use one "
    "of them, rinse well, and open a window.",
    "17 · 23 = 17 · 20 + 17 · 3 = 340 + 51 = 391",
    "I cannot help with that.",
)
REASONS = (
    "The first answer is correct and short. The second one is friendly, but it does not say why.",
    "Both are right; the second shows its steps, which was asked for.",
    "Response 2 claims that the sky mirrors the sea, which is wrong.",
)
DESCRIBED = {
    "policy.win_rate": {"label": "Win rate", "unit": "share", "headline": True},
    "policy.gold_win_rate": {"label": "Win rate (gold)", "unit": "share", "headline": True},
    "policy.gold_score": {"label": "Gold score", "headline": True},
    "policy.kl": {"label": "KL from the base", "unit": "nats a response", "headline": True},
}

RECIPE = """\
api: 1
name: {name}
seed: 7
rounds: {rounds}
policy:
  use: transformers
  params:
    checkpoint: rlaif_lab:models/policy
models:
  grader:
    use: transformers
    params: {{checkpoint: "rlaif_lab:models/judge", batch_size: 64}}
prompts:
  train: {{use: lab, params: {{count: 256, seed: 1}}}}
  heldout: {{use: lab, params: {{count: 200, split: heldout}}}}
sampler: {{use: sweep, model: policy, params: {{temperatures: [0.7, 1.0], count: 4}}}}
judge: {{use: pairwise, model: grader, orders: both, votes: 1, params: {{reasoning: true}}}}
pairing: {{use: best-vs-worst}}
filters:
  - {{use: agreement, params: {{at_least: 0.75}}}}
  - {{use: confidence, params: {{at_least: 0.6}}}}
reward_model: {{use: trl}}
optimizer: {{use: dpo, params: {{beta: 0.1, epochs: 2}}}}
evaluators: [{{use: win-rate}}, {{use: kl}}, {{use: gold}}]
"""
PLACES = {
    "policy": ("transformers", "models", "rlaif-transformers"),
    "models.grader": ("transformers", "models", "rlaif-transformers"),
    "prompts.train": ("lab", "sources", "rlaif-lab"),
    "prompts.heldout": ("lab", "sources", "rlaif-lab"),
    "sampler": ("sweep", "samplers", "rlaif-samplers"),
    "judge": ("pairwise", "judges", "rlaif-judges"),
    "pairing": ("best-vs-worst", "pairings", "rlaif-pairs"),
    "filters.0": ("agreement", "filters", "rlaif-pairs"),
    "filters.1": ("confidence", "filters", "rlaif-pairs"),
    "reward_model": ("trl", "reward_models", "rlaif-trl"),
    "optimizer": ("dpo", "optimizers", "rlaif-trl"),
}


@dataclass
class RunWriter:
    """Writes a run directory round by round.

    Attributes:
        folder: Where.
        prompts: How many training prompts; a quarter as many are held out.
        samples: Responses to each prompt.
        hostile: Put into every text that a model or a service may write.
    """

    folder: Path
    prompts: int = 24
    samples: int = 4
    hostile: str = ""
    name: str = "polite-sums"

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rng = random.Random(7)
        self.ledger = Ledger(self.folder / "ledger.sqlite")
        self.train = [self._prompt("t", index) for index in range(self.prompts)]
        self.heldout = [self._prompt("h", index) for index in range(max(4, self.prompts // 4))]
        self.ledger.keep_prompts("train", self.train)
        self.ledger.keep_prompts("heldout", self.heldout)
        self.ledger.keep_stage(0, "prompts", 0.4, {"summary": "read"}, done=True)
        (self.folder / "recipe.yaml").write_text(RECIPE.format(name=self.name, rounds=1))

    def _prompt(self, split: str, index: int) -> Prompt:
        text = f"{QUESTIONS[index % len(QUESTIONS)]} ({split}{index}){self.hostile}"
        return Prompt(f"{split}{index}", (Message("user", text),), {"category": self.hostile or 1})

    def respond(self, prompt: Prompt, index: int) -> Response:
        text = f"{self.rng.choice(ANSWERS)}{self.hostile}"
        model = f"lab-policy@5f0c{self.hostile}"
        return Response.of(prompt, text, index, model=model, temperature=1.0)

    def judge(self, prompt: Prompt, a: Response, b: Response) -> JudgedPair:
        quality = self.rng.random() * 0.5 + (0.25 if len(a.text) > len(b.text) else -0.05)
        votes = []
        for order in ("ab", "ba"):
            p_a = min(0.99, max(0.01, self.rng.gauss(quality, 0.1)))
            p_a = min(1.0, p_a + 0.08) if order == "ab" else max(0.0, p_a - 0.08)
            verdict = Verdict(
                round(p_a if order == "ab" else 1 - p_a, 4),
                explanation=self.rng.choice(REASONS) + self.hostile,
            )
            if self.rng.random() < 0.04:
                why = self.rng.choice([Abstention.UNPARSED, Abstention.FAILED])
                verdict = Verdict.abstain(why, f"no verdict in 'Hmm'{self.hostile}", self.hostile)
            votes.append(Vote(order, 0, verdict))
        return add_up(prompt, a, b, votes)

    def play(self, number: int = 0, *, until: str = "evaluate") -> None:
        """One round, up to and including the stage `until`."""
        stages = ("sample", "judge", "select", "reward_model", "optimize", "evaluate")
        for stage in stages[: stages.index(until) + 1]:
            figures = getattr(self, f"_{stage}")(number)
            self.ledger.keep_stage(number, stage, self.rng.uniform(1, 60), figures, done=True)

    def _sample(self, number: int) -> dict[str, object]:
        self.responses = {
            prompt.id: [self.respond(prompt, index) for index in range(self.samples)]
            for prompt in self.train[:-1]
        }
        drawn = [response for many in self.responses.values() for response in many]
        self.ledger.keep_responses(number, "train", drawn)
        self._calls(number, len(drawn))
        return {"summary": f"{len(drawn)} responses"}

    def _calls(self, number: int, count: int) -> None:
        request = ChatRequest((Message("user", "…"),)).canonical()
        for model, usd in ((f"lab-policy@5f0c{self.hostile}", 0.0), ("gpt-test", 0.00012)):
            self.ledger.keep_calls(
                [
                    Call(
                        f"{number}-{model}-{index}",
                        model,
                        request,
                        ChatReply("…", usage=Usage(120, 48)),
                        usd,
                        0.8,
                        1,
                    )
                    for index in range(count)
                ]
            )
        self.ledger.keep_failure("x", "gpt-test", f"503: overloaded{self.hostile}", 6)

    def _judge(self, number: int) -> dict[str, object]:
        self.judged: dict[str, list[JudgedPair]] = {}
        for prompt in self.train[:-1]:
            distinct = list(
                {response.text: response for response in self.responses[prompt.id]}.values()
            )
            pairs = [self.judge(prompt, a, b) for a, b in combinations(distinct, 2)]
            self.judged[prompt.id] = pairs
        every = [pair for pairs in self.judged.values() for pair in pairs]
        self.ledger.keep_judged(number, "train", every)
        return {"summary": f"{len(every)} pairs"}

    def _select(self, number: int) -> dict[str, object]:
        rows, losses = [], [(self.train[-1].id, "pair", NO_RESPONSE, 1)]
        for prompt in self.train[:-1]:
            drawn, pairs = self.responses[prompt.id], self.judged[prompt.id]
            equal = len(drawn) - len({response.text for response in drawn})
            losses.append((prompt.id, "pair", DUPLICATE, equal))
            decided = [pair for pair in pairs if pair.p_a is not None]
            for pair in sorted(decided, key=lambda pair: -abs(pair.p_a - 0.5))[:2]:
                if pair.p_a == 0.5:
                    losses.append((prompt.id, "pair", TIED, 1))
                    continue
                chosen, rejected = (pair.a, pair.b) if pair.p_a > 0.5 else (pair.b, pair.a)
                p = max(pair.p_a, 1 - pair.p_a)
                rows.append(self._kept(Preference(prompt, chosen, rejected, p, pair.agreement, 2)))
        self.ledger.keep_losses(number, [loss for loss in losses if loss[3]])
        self.ledger.keep_preferences(number, rows)
        return {"summary": "kept some"}

    def _kept(self, preference: Preference) -> Kept:
        if preference.agreement < 0.75:
            return Kept(preference, "agreement", f"the votes disagree{self.hostile}")
        if preference.p_chosen < 0.6:
            return Kept(preference, "confidence", "the judge is not sure")
        return Kept(preference, "kept", "")

    def _reward_model(self, number: int) -> dict[str, object]:
        for step in range(1, 41):
            loss, accuracy = 0.3 + 0.4 * 0.93**step, 0.9 - 0.4 * 0.9**step
            figures = {"loss": loss + self.rng.gauss(0, 0.02), "accuracy": accuracy}
            self.ledger.keep_training(number, "reward_model", step, figures)
        return {"accuracy": 0.8125, "pairs": 64, "summary": "accuracy 0.812"}

    def _optimize(self, number: int) -> dict[str, object]:
        for step in range(1, 121):
            loss = 0.45 + 0.24 * 0.98**step + self.rng.gauss(0, 0.03)
            figures = {"loss": loss, "rewards/margins": 1 - loss, "grad_norm": 3 * loss}
            figures |= {"rewards/accuracies": min(1.0, 1.2 - loss), "learning_rate": 1e-5 / step}
            self.ledger.keep_training(number, "optimize", step, figures)
        return {"loss": 0.45, "steps": 120, "summary": "loss 0.45"}

    def _evaluate(self, number: int) -> dict[str, object]:
        pairs = []
        for prompt in self.heldout:
            before, after = self.respond(prompt, 0), self.respond(prompt, 1)
            self.ledger.keep_responses(0, "before", [before])
            self.ledger.keep_responses(number, "after", [after])
            pairs.append(self.judge(prompt, after, before))
        self.ledger.keep_judged(number, "evaluation", pairs)
        gain = 0.05 * number
        figures = {
            "judge": {"gold_accuracy": 0.862},
            "policy": {
                "win_rate": {"value": 0.681 + gain, "low": 0.612 + gain, "high": 0.743 + gain},
                "kl": 1.37 + number,
                "gold_score": {"before": 0.512, "after": 0.655 + gain},
                "gold_win_rate": {"value": 0.702, "low": 0.634, "high": 0.761},
            },
        }
        return recorded(figures, DESCRIBED)

    def finish(self, rounds: int = 1) -> Path:
        """Write the plain files and close the ledger."""
        self.ledger.set_meta("cached", "37")
        recipe = RECIPE.format(name=self.name, rounds=rounds)
        (self.folder / "recipe.yaml").write_text(recipe + f"# {self.hostile}\n")
        self._json("metrics.json", run_metrics(self.ledger, rounds))
        self._json("manifest.json", self._manifest())
        self.ledger.close()
        return self.folder

    def _manifest(self) -> dict[str, object]:
        return {
            "name": f"{self.name}{self.hostile}",
            "written": "2026-02-03T10:11:12+00:00",
            "seed": 7,
            "recipe_sha256": "9b" * 32,
            "python": "3.11.2",
            "platform": "linux",
            "rlaif-core": "0.1.0",
            "libraries": {"torch": "2.13.0", "transformers": "5.23.0", "trl": "1.16.0"},
            "components": {
                place: {
                    "use": use,
                    "kind": kind,
                    "distribution": distribution,
                    "version": "0.1.0",
                    "object": f"{distribution.replace('-', '_')}:X{self.hostile}",
                }
                for place, (use, kind, distribution) in PLACES.items()
            },
        }

    def _json(self, name: str, value: object) -> None:
        (self.folder / name).write_text(json.dumps(value), encoding="utf-8")


def add_up(prompt: Prompt, a: Response, b: Response, votes: list[Vote]) -> JudgedPair:
    """A judged pair from its votes: their mean, and the share on the majority's side."""
    said = [vote.p_a for vote in votes if vote.p_a is not None]
    p_a = sum(said) / len(said) if said else None
    for_a, for_b = sum(p > 0.5 for p in said), sum(p < 0.5 for p in said)
    return JudgedPair(prompt, a, b, tuple(votes), p_a, max(for_a, for_b) / len(votes))


def finished_run(folder: Path, *, prompts: int = 24, rounds: int = 1, hostile: str = "") -> Path:
    """A run that ended well."""
    writer = RunWriter(folder, prompts, hostile=hostile)
    for number in range(rounds):
        writer.play(number)
    return writer.finish(rounds)


def judged_pairs(folder: Path) -> Path:
    """What `rlaif judge` leaves: pairs from a file, judged, without training."""
    writer = RunWriter(folder, 20, samples=2, name="llmbar-audit")
    writer.play(until="select")
    pairs = writer.ledger.counts(0)["pairs"]
    metrics = run_metrics(writer.ledger, 1)
    (one,) = metrics["rounds"]
    writer.finish()
    recipe = "api: 1\nname: llmbar-audit\njudge: {use: recorded, params: {file: votes.jsonl}}\n"
    (folder / "recipe.yaml").write_text(recipe)
    figures = {
        "pairs": pairs,
        "comparisons": one["comparisons"],
        "verdicts": one["verdicts"],
        "abstentions": one["abstentions"],
        "ties": 0,
        "position_agreement": 0.7368,
        "labelled": pairs,
        "accuracy": 0.6842,
        "accuracy_by_order": {"ab": 0.7368, "ba": 0.6316},
        "both_right": 11,
        "kappa": 0.3712,
        "preferences": one["preferences"],
        "dropped": one["dropped"],
        "judge": one["judge"],
        "cost": metrics["cost"],
        "seconds": metrics["seconds"],
    }
    (folder / "metrics.json").write_text(json.dumps(figures), encoding="utf-8")
    manifest = {"name": "llmbar-audit", "seed": 0, "components": {"judge": {"use": "recorded"}}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
