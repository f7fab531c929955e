"""Several verdicts on one comparison, added up to one that still says who said what."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rlaif_core.api import Abstention, Verdict

Combining = Literal["logit", "probability", "majority", "log-odds"]


@dataclass(frozen=True, slots=True)
class Member:
    """One of several who judged the same comparison.

    Attributes:
        name: A principle's id, a model's role.
        verdict: What it said.
        weight: How much that counts, not negative; for "log-odds" any number, which is then the
            log-odds of its being right.
    """

    name: str
    verdict: Verdict
    weight: float = 1.0


def pooled(members: Sequence[Member], kind: str, how: Combining = "logit") -> Verdict:
    """One verdict from several; abstentions are left out.

    Args:
        members: Who said what, at least one.
        kind: What a member is, for the explanation: "principle", "judge".
        how: "logit" averages log-odds, "probability" probabilities; "majority" gives the share
            of the weights on its side, a tie half to each; "log-odds" adds up the weights of
            both sides as evidence, `sigmoid(sum(weight * side))` (Nitzan & Paroush 1982).

    Returns:
        The verdict, with one JSON line a member for its explanation; the first abstention's
        reason if all abstained.
    """
    told = [member for member in members if member.verdict.p_first is not None]
    explanation = told_by(members, kind)
    if not told:
        first = members[0].verdict
        return Verdict.abstain(first.abstention or Abstention.UNKNOWN, first.detail, explanation)
    stated = [item.verdict.confidence for item in told if item.verdict.confidence is not None]
    confidence = sum(stated) / len(stated) if stated else None
    return Verdict(_pool(told, how), explanation=explanation, confidence=confidence)


def told_by(members: Sequence[Member], kind: str) -> str:
    """Each member's verdict, one JSON line a member, under the name of `kind`."""
    return "\n".join(_line(member, kind) for member in members)


def told_in(explanation: str, kind: str) -> dict[str, float]:
    """Each member's probability, read back from the text that `told_by` wrote.

    Those who abstained are left out. All that follows a line that is no such JSON is a model's own
    words, and not read.
    """
    found: dict[str, float] = {}
    for line in explanation.split("\n"):  # JSON lets a model write other ends of lines as they are
        if not line.startswith("{"):
            break
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            break
        if isinstance(said, dict) and isinstance(said.get(kind), str):
            p = said.get("p_first")
            if isinstance(p, int | float) and 0.0 <= p <= 1.0:
                found[said[kind]] = float(p)
    return found


def _pool(members: Sequence[Member], how: Combining) -> float:
    from rlaif_stats.labels import pool

    p = [member.verdict.p_first for member in members if member.verdict.p_first is not None]
    weights = [member.weight for member in members]
    if how in ("majority", "log-odds"):
        sides = [float(item > 0.5) - float(item < 0.5) for item in p]
        lead = sum(weight * side for weight, side in zip(weights, sides, strict=True))
        if how == "log-odds":
            return 1.0 / (1.0 + math.exp(-lead))
        return 0.5 + 0.5 * lead / sum(weights)
    return float(pool(p, "logit" if how == "logit" else "probability", weights=weights))


def _line(member: Member, kind: str) -> str:
    verdict = member.verdict
    said: dict[str, Any] = {kind: member.name}
    if verdict.p_first is None:
        said |= {"abstention": verdict.abstention, "detail": verdict.detail}
    else:
        said["p_first"] = round(verdict.p_first, 6)
    if verdict.explanation:
        said["explanation"] = verdict.explanation
    return json.dumps(said, ensure_ascii=False)
