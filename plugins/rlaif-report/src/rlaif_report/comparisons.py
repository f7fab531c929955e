"""The chosen comparisons with all their texts, ready to be shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlaif_core.api.records import Prompt, Response, Vote
from rlaif_core.runs import Run
from rlaif_report.sample import DROPPED, Sample, SeenPair, policies, reading_order
from rlaif_report.text import Excerpt, one_line

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
    outcome: str
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
    def tags(self) -> list[str]:
        """The outcomes in short: where it says what dropped it, not also that it was dropped."""
        return [outcome for outcome in self.outcomes if outcome != DROPPED]

    @property
    def size(self) -> int:
        """Characters of text."""
        texts = [text for _, text in self.turns]
        texts += [side.text for side in self.sides] + [vote.explanation for vote in self.votes]
        details = sum(len(vote.detail) for vote in self.votes)
        return details + sum(len(text.text) for text in texts)


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
        filters: By outcome; the 40 most frequent ones.
        total: How many pairs the run has.
    """

    comparisons: Sequence[ComparisonView]
    filters: Sequence[OutcomeFilter]
    total: int


def browser(run: Run, sample: Sample) -> Browser:
    """Read the texts of the sample, within the page's budget."""
    totals = sample.totals
    frequent = [outcome for outcome, _ in totals.most_common(FILTERS)]
    numbers = {outcome: n for n, outcome in enumerate(sorted(frequent, key=reading_order))}
    chosen = list(sample.in_turn())
    ids = {seen.outline.prompt_id for seen in chosen}
    prompts = {
        split: {prompt.id: prompt for prompt in run.prompts(split, ids=ids)}
        for split in ("train", "heldout")
    }
    views: list[tuple[SeenPair, ComparisonView]] = []
    spent = 0
    for seen in chosen:
        first, other = ("train", "heldout") if seen.split == "train" else ("heldout", "train")
        id_ = seen.outline.prompt_id
        view = _view(run, seen, prompts[first].get(id_) or prompts[other].get(id_), numbers)
        spent += view.size
        if spent > BUDGET and views:
            break
        views.append((seen, view))
    views.sort(key=lambda item: (item[0].round, item[0].split != "train"))
    shown = Counter(outcome for _, view in views for outcome in set(view.outcomes))
    filters = [
        OutcomeFilter(number, outcome, shown[outcome], totals[outcome])
        for outcome, number in numbers.items()
    ]
    return Browser([view for _, view in views], filters, sample.total)


def _view(
    run: Run, seen: SeenPair, prompt: Prompt | None, numbers: Mapping[str, int]
) -> ComparisonView:
    outline = seen.outline
    votes = run.votes_on(outline.key, seen.round, seen.split)
    columns = prompt.columns if prompt else {}
    turns = prompt.messages if prompt else ()
    return ComparisonView(
        one_line(prompt.text, HEADLINE) if prompt else outline.prompt_id,
        seen.outcomes,
        tuple(numbers[outcome] for outcome in seen.outcomes if outcome in numbers),
        seen.round,
        tuple((turn.role, Excerpt.of(turn.content, TEXT)) for turn in turns[-TURNS:]),
        max(0, len(turns) - TURNS),
        Excerpt.of(json.dumps(columns, ensure_ascii=False) if columns else "", COLUMNS),
        tuple(_sides(run, seen)),
        outline.p_a,
        outline.agreement,
        tuple(_vote(vote) for vote in votes[:VOTES]),
        max(0, len(votes) - VOTES),
    )


def _sides(run: Run, seen: SeenPair) -> list[Side]:
    places = [("", seen.round, "train")]
    if seen.split != "train":
        places += policies(seen.round)
    known = {
        response.id: (role, response)
        for role, round_index, split in places
        for response in run.responses_to(seen.outline.prompt_id, round_index, split)
    }
    p = seen.outline.p_a
    return [
        _side("A", known.get(seen.outline.a), preferred=p is not None and p > 0.5),
        _side("B", known.get(seen.outline.b), preferred=p is not None and p < 0.5),
    ]


def _side(letter: str, known: tuple[str, Response] | None, *, preferred: bool) -> Side:
    if known is None:
        missing = Excerpt("this response is not in the ledger")
        return Side(letter, "", preferred, "", None, "", missing)
    role, response = known
    text = Excerpt.of(response.text, TEXT)
    return Side(
        letter, role, preferred, response.model, response.temperature, response.finish_reason, text
    )


def _vote(vote: Vote) -> VoteView:
    verdict, p_a = vote.verdict, vote.p_a
    if verdict.abstention is not None:
        outcome = f"abstained: {verdict.abstention.value}"
    elif p_a is None or p_a == 0.5:
        outcome = "tie"
    else:
        outcome = "A is better" if p_a > 0.5 else "B is better"
    return VoteView(
        "A first" if vote.order == "ab" else "B first",
        outcome,
        p_a,
        one_line(verdict.detail, EXPLANATION),
        Excerpt.of(verdict.explanation, EXPLANATION),
    )
