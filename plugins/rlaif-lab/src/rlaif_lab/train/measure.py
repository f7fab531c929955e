"""Measure the lab's models on held-out prompts: `python -m rlaif_lab.train.measure [DIR]`."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Final

from rlaif_lab.protocol import ANSWER_PREFIX, OPTIONS, template
from rlaif_lab.shipped import MODELS
from rlaif_lab.train.chat import Chat
from rlaif_lab.world import LabPrompt, generate, gold

PROMPTS: Final = 300
RESPONSES: Final = 4
SEED: Final = 1


@dataclass(frozen=True)
class Pair:
    """Two responses of the policy to one held-out prompt, with the gold score of each."""

    prompt: LabPrompt
    responses: tuple[str, str]
    golds: tuple[float, float]


def sampled(policy: Chat, prompts: Sequence[LabPrompt], seed: int) -> list[list[str]]:
    """Draw `RESPONSES` responses at temperature 1 to each prompt."""
    import torch

    torch.manual_seed(seed)
    texts = [prompt.text for prompt in prompts for _ in range(RESPONSES)]
    drawn = policy.complete(texts, temperature=1.0)
    return [drawn[start : start + RESPONSES] for start in range(0, len(drawn), RESPONSES)]


def policy_figures(
    prompts: Sequence[LabPrompt], responses: Sequence[Sequence[str]]
) -> dict[str, object]:
    """Mean gold score at temperature 1, overall and by category."""
    by_category: defaultdict[str, list[float]] = defaultdict(list)
    for prompt, group in zip(prompts, responses, strict=True):
        by_category[prompt.category] += [gold(prompt.truth, response) for response in group]
    return {
        "gold_mean": fmean(score for scores in by_category.values() for score in scores),
        "gold_mean_by_category": {name: fmean(by_category[name]) for name in sorted(by_category)},
        "distinct_responses_a_prompt": fmean(len(set(group)) for group in responses),
    }


def p_first(
    judge: Chat, comparisons: Sequence[tuple[str, str, str]], reasoning: bool, seed: int
) -> list[float]:
    """The judge's probability that the first is better, for comparisons (prompt, first, second)."""
    rng = Random(seed)
    users = [
        template("pairwise").render(
            prompt=prompt,
            first=first,
            second=second,
            fence=f"{rng.getrandbits(32):08x}",
            criteria=[],
            reasoning=reasoning,
        )
        for prompt, first, second in comparisons
    ]
    thoughts = judge.complete(users, stop=ANSWER_PREFIX) if reasoning else [""] * len(users)
    begun = [thought + ANSWER_PREFIX for thought in thoughts]
    return [weights[0] for weights in judge.weigh(users, begun, OPTIONS)]


def judge_figures(judge: Chat, pairs: Sequence[Pair], reasoning: bool) -> dict[str, float]:
    """Agreement with the gold order, and the effect of the order of presentation.

    Returns:
        "agreement": share of verdicts, both orders, that agree with the gold order where it
        decides. "agreement_both_orders": the same after averaging both orders. "consistency":
        share of all pairs where both orders choose the same response; "consistency_decided" the
        same where gold decides. "first_rate": share of wins of the response shown first.
        "mean_p_first": the mean probability given to it.
    """
    shown = [(pair.prompt.text, *pair.responses) for pair in pairs]
    turned = [(prompt, second, first) for prompt, first, second in shown]
    forward = p_first(judge, shown, reasoning, seed=0)
    backward = p_first(judge, turned, reasoning, seed=1)
    decided = [pair.golds[0] != pair.golds[1] for pair in pairs]
    wins = [pair.golds[0] > pair.golds[1] for pair in pairs]
    rows = [row for row in zip(wins, forward, backward, decided, strict=True) if row[3]]
    stable = [(p > 0.5) != (q > 0.5) for p, q in zip(forward, backward, strict=True)]
    return {
        "agreement": fmean(
            right for win, p, q, _ in rows for right in ((p > 0.5) == win, (q > 0.5) != win)
        ),
        "agreement_both_orders": fmean((p > q) == win for win, p, q, _ in rows),
        "consistency": fmean(stable),
        "consistency_decided": fmean(s for s, d in zip(stable, decided, strict=True) if d),
        "first_rate": fmean(p > 0.5 for p in (*forward, *backward)),
        "mean_p_first": fmean((*forward, *backward)),
    }


def measure(folder: Path) -> dict[str, object]:
    """Measure the policy and the judge that lie in a folder.

    Args:
        folder: Holds "policy" and "judge".

    Returns:
        All figures of the model card: JSON-able.
    """
    prompts = generate("heldout", PROMPTS, SEED)
    responses = sampled(Chat.load(folder / "policy"), prompts, SEED)
    pairs = [
        Pair(prompt, (first, second), (gold(prompt.truth, first), gold(prompt.truth, second)))
        for prompt, group in zip(prompts, responses, strict=True)
        for first, second in combinations(group, 2)
        if first != second
    ]
    judge = Chat.load(folder / "judge")
    return {
        "policy": policy_figures(prompts, responses),
        "judge": {
            "pairs": len(pairs),
            "pairs_gold_decides": sum(pair.golds[0] != pair.golds[1] for pair in pairs),
            "reasoning": judge_figures(judge, pairs, reasoning=True),
            "no_reasoning": judge_figures(judge, pairs, reasoning=False),
        },
    }


def main() -> None:
    """Print the figures of the shipped models, or of those in another folder."""
    parser = argparse.ArgumentParser(prog="python -m rlaif_lab.train.measure", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=MODELS)
    print(json.dumps(measure(parser.parse_args().folder), indent=2))


if __name__ == "__main__":
    main()
