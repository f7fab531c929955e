"""The chosen comparisons with all their texts, ready to be shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlaif_core.api.records import Prompt, Response, Vote
from rlaif_core.report.outlines import OutlineReader
from rlaif_core.report.sample import Sample, Sighting
from rlaif_core.report.text import Excerpt, one_line

BUDGET = 2_500_000
"""Characters of all comparisons together: some megabytes, which a phone still opens."""

TEXT, EXPLANATION, COLUMNS, HEADLINE = 6_000, 2_000, 1_000, 90
TURNS = 8
VOTES = 12
FILTERS = 40


@dataclass(frozen=True, slots=True)
class VoteView:
    """One vote: the order the responses were shown in, and what the judge made of it."""

    order: str
    said: str
    p_a: float | None
    detail: str
    explanation: Excerpt


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two responses."""

    letter: str
    role: str
    preferred: bool
    model: str
    temperature: float | None
    finish_reason: str
    text: Excerpt


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """One comparison of the browser.

    Attributes:
        headline: The prompt on one line.
        outcomes: What came of it, the main thing first.
        filters: Which of the browser's filters show it, by number.
        round: The round it was judged in.
        turns: (role, text) of the prompt's last 8 turns.
        earlier: How many turns came before those.
        columns: What else the source knows of the prompt, as JSON.
        sides: A and B.
        p_a: Probability that A is better; None if undecided.
        agreement: As in `JudgedPair`.
        votes: The first 12 votes.
        more_votes: How many more there are.
    """

    headline: str
    outcomes: tuple[str, ...]
    filters: tuple[int, ...]
    round: int
    turns: tuple[tuple[str, Excerpt], ...]
    earlier: int
    columns: Excerpt
    sides: tuple[Side, ...]
    p_a: float | None
    agreement: float | None
    votes: tuple[VoteView, ...]
    more_votes: int

    @property
    def size(self) -> int:
        """Characters of text."""
        texts = [text for _, text in self.turns]
        texts += [side.text for side in self.sides] + [vote.explanation for vote in self.votes]
        details = sum(len(vote.detail) for vote in self.votes)
        return details + sum(len(one.text) for one in texts)


@dataclass(frozen=True, slots=True)
class OutcomeFilter:
    """One choice of the browser's filter."""

    number: int
    outcome: str
    shown: int
    total: int


@dataclass(frozen=True)
class Browser:
    """The comparisons of the page.

    Attributes:
        comparisons: What is shown.
        filters: By outcome, most frequent first.
        total: How many pairs the run has.
    """

    comparisons: Sequence[ComparisonView]
    filters: Sequence[OutcomeFilter]
    total: int


def browser(ledger: OutlineReader, sample: Sample) -> Browser:
    """Read the sample's texts from the ledger, within the page's budget."""
    totals = sample.totals
    numbers = {outcome: n for n, (outcome, _) in enumerate(totals.most_common(FILTERS))}
    chosen = list(sample.in_turn())
    prompts = {
        split: ledger.prompts_with({one.outline.prompt_id for one in chosen}, split)
        for split in ("train", "heldout")
    }
    views: list[tuple[Sighting, ComparisonView]] = []
    spent = 0
    for one in chosen:
        place = prompts["train" if one.split == "train" else "heldout"]
        view = _view(ledger, one, place.get(one.outline.prompt_id), numbers)
        spent += view.size
        if spent > BUDGET and views:
            break
        views.append((one, view))
    views.sort(key=lambda item: (item[0].round, item[0].split != "train"))
    shown = Counter(outcome for _, view in views for outcome in set(view.outcomes))
    filters = [
        OutcomeFilter(number, outcome, shown[outcome], totals[outcome])
        for outcome, number in numbers.items()
    ]
    return Browser([view for _, view in views], filters, sample.total)


def _view(
    ledger: OutlineReader, one: Sighting, prompt: Prompt | None, numbers: Mapping[str, int]
) -> ComparisonView:
    outline = one.outline
    votes = ledger.votes_on(one.round, one.split, outline)
    columns = prompt.columns if prompt else {}
    turns = prompt.messages if prompt else ()
    return ComparisonView(
        one_line(prompt.text, HEADLINE) if prompt else outline.prompt_id,
        one.outcomes,
        tuple(numbers[outcome] for outcome in one.outcomes if outcome in numbers),
        one.round,
        tuple((turn.role, Excerpt.of(turn.content, TEXT)) for turn in turns[-TURNS:]),
        max(0, len(turns) - TURNS),
        Excerpt.of(json.dumps(columns, ensure_ascii=False) if columns else "", COLUMNS),
        tuple(_sides(ledger, one)),
        outline.p_a,
        outline.agreement,
        tuple(_vote(vote) for vote in votes[:VOTES]),
        max(0, len(votes) - VOTES),
    )


def _sides(ledger: OutlineReader, one: Sighting) -> list[Side]:
    outline, id = one.outline, one.outline.prompt_id
    roles: dict[str, tuple[str, Response]] = {}
    if one.split == "train":
        known = ledger.responses_to(id, one.round, "train")
        roles = {key: ("", response) for key, response in known.items()}
    else:
        for role, round, split in (("base policy", 0, "before"), ("new policy", one.round, "after")):
            for key, response in ledger.responses_to(id, round, split).items():
                roles[key] = (role, response)
    sides = []
    for letter, key in (("A", outline.a), ("B", outline.b)):
        role, response = roles.get(key, ("", None))
        p = outline.p_a if outline.p_a is None or letter == "A" else 1.0 - outline.p_a
        preferred = p is not None and p > 0.5
        if response is None:
            missing = Excerpt("this response is not in the ledger")
            sides.append(Side(letter, role, preferred, "", None, "", missing))
            continue
        text = Excerpt.of(response.text, TEXT)
        temperature, finish = response.temperature, response.finish_reason
        sides.append(Side(letter, role, preferred, response.model, temperature, finish, text))
    return sides


def _vote(vote: Vote) -> VoteView:
    verdict, p_a = vote.verdict, vote.p_a
    if verdict.abstention is not None:
        said = f"abstained: {verdict.abstention.value}"
    elif p_a is None or p_a == 0.5:
        said = "tie"
    else:
        said = "A is better" if p_a > 0.5 else "B is better"
    return VoteView(
        "A first" if vote.order == "ab" else "B first",
        said,
        p_a,
        one_line(verdict.detail, EXPLANATION),
        Excerpt.of(verdict.explanation, EXPLANATION),
    )
