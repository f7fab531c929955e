"""Ledgers full of verdicts by judges whose faults are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from rlaif_core.api import Abstention, JudgedPair, Message, Order, Prompt, Response, Verdict, Vote
from rlaif_core.metrics.judge import section, warnings
from rlaif_core.runs import Run
from rlaif_core.store.ledger import Ledger
from rlaif_judge_metrics.reliability import Reliability

Judge = Callable[[Response, Response], "float | Verdict | None"]
BOTH: tuple[Order, ...] = ("ab", "ba")


def prompt(name: str, text: str = "") -> Prompt:
    return Prompt(name, (Message("user", text or f"question {name}"),))


def ask(
    judge: Judge,
    one: Prompt,
    a: Response,
    b: Response,
    votes: int = 1,
    orders: Sequence[Order] = BOTH,
) -> JudgedPair:
    """A pair as the engine would keep it; its label is the mean of its votes."""
    given: list[Vote] = []
    for index in range(votes):
        for order in orders:
            said = judge(a, b) if order == "ab" else judge(b, a)
            if said is None:
                said = Verdict.abstain(Abstention.REFUSED)
            elif not isinstance(said, Verdict):
                said = Verdict(said)
            given.append(Vote(order, index, said))
    known = [vote.p_a for vote in given if vote.p_a is not None]
    return JudgedPair(one, a, b, tuple(given), sum(known) / len(known) if known else None, 1.0)


def judged(
    ledger: Ledger,
    judge: Judge,
    *,
    prompts: int = 60,
    texts: Sequence[str] = ("a", "bb", "ccc"),
    models: Sequence[str] = ("m",),
    votes: int = 1,
    orders: Sequence[Order] = BOTH,
) -> list[JudgedPair]:
    """Every pair of the same responses to each prompt, judged and kept."""
    asked = [prompt(f"p{i:04}") for i in range(prompts)]
    ledger.keep_prompts("train", asked)
    pairs: list[JudgedPair] = []
    for question in asked:
        drawn = [
            Response.of(question, f"{text} {question.id}", i, model=models[i % len(models)])
            for i, text in enumerate(texts)
        ]
        ledger.keep_responses(0, "train", drawn)
        pairs += [ask(judge, question, a, b, votes, orders) for a, b in combinations(drawn, 2)]
    ledger.keep_judged(0, "train", pairs)
    return pairs


def reliability(ledger: Ledger, round_index: int = 0, split: str = "train") -> dict[str, Any]:
    """The judge section of metrics.json for one split."""
    component, run = Reliability(Reliability.Params()), Run(Path(), ledger)
    part = section(split, component.measure(run, round_index, split))
    models = component.rankings(run, [round_index], split)
    return part if models is None else {**part, "models": {split: models}}


def ranked(ledger: Ledger, rounds: int) -> Any:
    """The policies' ranking over several rounds."""
    component, run = Reliability(Reliability.Params()), Run(Path(), ledger)
    return component.rankings(run, range(rounds), "evaluation")


def against_quality(pairs: Any, source: str) -> dict[str, Any]:
    """The metrics that need a measure of quality."""
    component = Reliability(Reliability.Params())
    return section("train", component.against_quality(pairs, source))


def warned(ledger: Ledger) -> list[str]:
    """The warnings about the training judge."""
    return warnings(reliability(ledger))


def train(ledger: Ledger) -> tuple[dict[str, Any], dict[str, str]]:
    found = reliability(ledger)
    return found["measures"]["train"], found["not_measured"]["train"]


def better(first: Response, second: Response) -> float:
    """Quality alone decides: a text that is later in the alphabet is better."""
    return 0.9 if first.text > second.text else 0.1


def jury(said: dict[str, float]) -> Verdict:
    """What a jury keeps of its members."""
    lines = [json.dumps({"judge": name, "p_first": p}) for name, p in said.items()]
    return Verdict(sum(said.values()) / len(said), explanation="\n".join(lines))
