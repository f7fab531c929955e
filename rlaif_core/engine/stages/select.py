"""Selecting preferences: rank, pick pairs, filter; every pair left out keeps its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rlaif_core.api.component import Context
from rlaif_core.api.filter import Filter
from rlaif_core.api.pairing import Pairing, Ranking
from rlaif_core.api.records import JudgedPair, Preference, Prompt, Response
from rlaif_core.engine.judging.preferences import candidate, distinct, rank
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.metrics.run import JSON
from rlaif_core.runs.reasons import DUPLICATE, NO_PAIR, NO_RESPONSE
from rlaif_core.store.ledger import Kept
from rlaif_core.store.preferences import write_preferences

WINDOW = 1024
"""Candidates in memory at once, unless a filter wants to see them all together."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """Responses or pairs of a prompt that yield no candidate, with the reason."""

    prompt_id: str
    reason: str
    count: int


async def run(round_: Round) -> JSON:
    """Apply the recipe's filters, keep every candidate with its fate, write the data set.

    Returns:
        mixed: Preferences of earlier rounds that are trained on beside the new ones.
    """
    session, number = round_.session, round_.number
    filters: list[tuple[str, Filter[Any]]] = [
        (use.use, await session.components.get(f"filters.{index}"))
        for index, use in enumerate(session.recipe.file.filters)
    ]
    one_by_one = all(type(filter_).apply is Filter.apply for _, filter_ in filters)
    candidates = await _candidates(round_)
    ids: set[str] = set()
    asked = earlier = 0

    def rows() -> Iterator[Preference]:
        nonlocal asked, earlier
        while window := list(islice(candidates, WINDOW if one_by_one else None)):
            preferences = [row for row in window if isinstance(row, Preference)]
            asked += len(preferences)
            excluded = [row for row in window if isinstance(row, Excluded)]
            session.ledger.keep_losses(
                number, [(row.prompt_id, "pair", row.reason, row.count) for row in excluded]
            )
            kept = _filtered(session, number, preferences, filters)
            ids.update(preference.id for preference in kept)
            yield from kept
        if number:
            others = _mixed(round_, ids)
            earlier = len(others)
            yield from others

    session.ledger.drop_preferences(number)
    with session.folder.artefact(number, "preferences") as folder:
        write_preferences(folder, rows())
    summary = f"{len(ids)} preferences kept of {asked} candidates"
    if earlier:
        summary += f", {earlier} of earlier rounds mixed in"
    return {"summary": summary, "mixed": earlier}


def _filtered(
    session: Session,
    round_index: int,
    preferences: Sequence[Preference],
    filters: Sequence[tuple[str, Filter[Any]]],
) -> Sequence[Preference]:
    """Preferences that all filters keep; the ledger keeps the fate of each."""
    rows: list[Kept] = []
    left = preferences
    for name, filter_ in filters:
        left, dropped = session.hooks.rlaif_filter(preferences=left, preference_filter=filter_)
        rows += [Kept(drop.preference, name, drop.reason) for drop in dropped]
    kept = [Kept(preference, "kept", "") for preference in left]
    session.ledger.keep_preferences(round_index, [*rows, *kept])
    return left


async def _candidates(round_: Round) -> Iterator[Preference | Excluded]:
    ledger = round_.session.ledger
    if round_.given is not None:
        return map(_of_given, ledger.judged(round_.number))
    pairing: Pairing[Any] = await round_.session.components.get("pairing")
    return (row for prompt in round_.prompts for row in _of_prompt(round_, prompt, pairing))


def _of_given(pair: JudgedPair) -> Preference | Excluded:
    """Every given pair is a candidate once it is decided."""
    better = (pair.a, pair.b) if pair.p_a is None or pair.p_a >= 0.5 else (pair.b, pair.a)
    outcome = candidate(Ranking(pair.prompt, (pair.a, pair.b), (pair,), {}), better)
    return outcome if isinstance(outcome, Preference) else Excluded(pair.prompt.id, outcome, 1)


def _of_prompt(
    round_: Round, prompt: Prompt, pairing: Pairing[Any]
) -> Iterator[Preference | Excluded]:
    """Candidates among the sampled responses, as the pairing selects them."""
    ledger, number = round_.session.ledger, round_.number
    drawn: Sequence[Response] = ledger.rows.responses_to(prompt.id, number)
    if not drawn:
        yield Excluded(prompt.id, NO_RESPONSE, 1)
        return
    kept = distinct(drawn)
    reasons = {DUPLICATE: len(drawn) - len(kept)} if len(kept) < len(drawn) else {}
    responses = {response.id: response for response in kept}
    ranking = rank(prompt, kept, ledger.judged_pairs(number, "train", prompt, responses))
    found = False
    for pair in round_.session.hooks.rlaif_pair(ranking=ranking, pairing=pairing):
        outcome = candidate(ranking, pair)
        if isinstance(outcome, Preference):
            found = True
            yield outcome
        else:
            reasons[outcome] = reasons.get(outcome, 0) + 1
    if not found:
        reasons[NO_PAIR] = 1
    for reason, count in reasons.items():
        yield Excluded(prompt.id, reason, count)


def _mixed(round_: Round, own: AbstractSet[str]) -> list[Preference]:
    """Preferences of earlier rounds, so many that they are the recipe's share of all.

    Args:
        round_: The round.
        own: Ids of its own preferences.
    """
    file = round_.session.recipe.file
    share = file.rounds.mix
    earlier = [
        row.preference
        for number in range(round_.number)
        for row in round_.session.ledger.rows.preferences(number)
        if not row.reason and row.preference.id not in own
    ]
    wanted = min(len(earlier), round(share / (1.0 - share) * len(own)))
    return Context(seed=file.seed).rng("mix", round_.number).sample(earlier, wanted)


SELECT = Stage(
    name="select", run=run, applies=lambda recipe: True, due=lambda round_: round_.labels
)
