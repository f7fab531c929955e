"""One split's verdicts as columns: read in one pass, prompt by prompt, without keeping a text.

A verdict takes some thirty bytes and a pair some seventy, so that a million fit everywhere; the
metrics are then arithmetic on arrays.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from rlaif_core.api import Response
from rlaif_core.runs import Run

UNKNOWN = -1


@dataclass(frozen=True)
class VoteTable:
    """Verdicts and pairs of one round and split.

    Attributes:
        round_index: The round, from 0.
        split: "train" or "evaluation".
        prompts: Ids of the prompts, sorted.
        models: Identities of the models that wrote responses.
        pair: shape (verdicts,), index of the pair.
        swapped: shape (verdicts,), whether B was shown first.
        vote: shape (verdicts,), which repetition it is.
        p_a: shape (verdicts,), probability that A is better; NaN an abstention.
        prompt: shape (pairs,), index of the prompt.
        label: shape (pairs,), probability that A is better over all votes; NaN undecided.
        a: shape (pairs,), place of A among the prompt's responses that were judged.
        b: shape (pairs,), place of B.
        longer: shape (pairs,), length of A minus that of B, characters; NaN unknown.
        model_a: shape (pairs,), index of the model that wrote A; -1 unknown.
        model_b: shape (pairs,), of B.
        text_a: shape (pairs,), a hash of A's words; 0 unknown.
        text_b: shape (pairs,), of B's.
    """

    round_index: int
    split: str
    prompts: list[str]
    models: list[str]
    pair: NDArray[np.int64]
    swapped: NDArray[np.bool_]
    vote: NDArray[np.int64]
    p_a: NDArray[np.float64]
    prompt: NDArray[np.int64]
    label: NDArray[np.float64]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    longer: NDArray[np.float64]
    model_a: NDArray[np.int64]
    model_b: NDArray[np.int64]
    text_a: NDArray[np.uint64]
    text_b: NDArray[np.uint64]

    @property
    def prompt_of_vote(self) -> NDArray[np.int64]:
        """Shape (verdicts,), index of the prompt."""
        return self.prompt[self.pair]

    def both_orders(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The verdicts with A first and those with B first, of each pair and vote asked in both."""
        stride = int(self.vote.max(initial=0)) + 1
        key = self.pair * stride + self.vote
        ab, ba = np.flatnonzero(~self.swapped), np.flatnonzero(self.swapped)
        _, first, second = np.intersect1d(key[ab], key[ba], assume_unique=True, return_indices=True)
        return ab[first], ba[second]


@dataclass(frozen=True, slots=True)
class _Answer:
    length: int
    model: str
    text: int


NO_ANSWER = _Answer(UNKNOWN, "", 0)


def read_votes(run: Run, round_index: int, split: str) -> VoteTable:
    """The verdicts of a split, prompts in the order of their ids."""
    writer = _Writer()
    answers = _Answers(run, round_index, split)
    for prompt_id, pairs in groupby(run.pairs(round_index, split), lambda pair: pair.prompt_id):
        writer.begin(prompt_id)
        known = answers.to(prompt_id)
        for pair in pairs:
            a, b = known.get(pair.a, NO_ANSWER), known.get(pair.b, NO_ANSWER)
            writer.keep_pair(pair.a, pair.b, pair.p_a, a, b)
            for vote in pair.votes:
                writer.keep_vote(vote.order == "ba", vote.number, vote.p_first)
    return writer.table(round_index, split)


class _Answers:
    """Lengths, models and hashes of responses, handed out in the order of the prompts' ids."""

    def __init__(self, run: Run, round_index: int, split: str) -> None:
        responses = run.judged_responses(round_index, split)
        self._groups = groupby(responses, lambda response: response.prompt_id)
        self._next = next(self._groups, None)

    def to(self, prompt_id: str) -> dict[str, _Answer]:
        """The answers to a prompt whose id is above that of the last one."""
        # SQLite sorts UTF-8 by bytes, which is Python's order of code points.
        while self._next is not None and self._next[0] < prompt_id:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != prompt_id:
            return {}
        return {response.id: _answer(response) for response in self._next[1]}


def _answer(response: Response) -> _Answer:
    words = " ".join(response.text.casefold().split()).encode("utf-8", "surrogatepass")
    key = int.from_bytes(blake2b(words, digest_size=8).digest(), "big")
    return _Answer(len(response.text), response.model, key)


class _Writer:
    def __init__(self) -> None:
        self._prompts: list[str] = []
        self._models: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._pair, self._vote, self._swapped = array("q"), array("q"), array("b")
        self._prompt, self._a, self._b = array("q"), array("q"), array("q")
        self._model_a, self._model_b = array("q"), array("q")
        self._p_a, self._label, self._longer = array("d"), array("d"), array("d")
        self._text_a, self._text_b = array("Q"), array("Q")

    def begin(self, prompt_id: str) -> None:
        self._prompts.append(prompt_id)
        self._places = {}

    def keep_pair(
        self, a: str, b: str, label: float | None, first: _Answer, second: _Answer
    ) -> None:
        self._prompt.append(len(self._prompts) - 1)
        self._a.append(self._places.setdefault(a, len(self._places)))
        self._b.append(self._places.setdefault(b, len(self._places)))
        self._model_a.append(self._model(first))
        self._model_b.append(self._model(second))
        self._label.append(math.nan if label is None else label)
        known = UNKNOWN not in (first.length, second.length)
        self._longer.append(first.length - second.length if known else math.nan)
        self._text_a.append(first.text)
        self._text_b.append(second.text)

    def keep_vote(self, swapped: bool, vote: int, p_first: float | None) -> None:
        self._pair.append(len(self._prompt) - 1)
        self._vote.append(vote)
        self._swapped.append(swapped)
        p = math.nan if p_first is None else p_first
        self._p_a.append(1.0 - p if swapped else p)

    def table(self, round_index: int, split: str) -> VoteTable:
        whole, real, text = np.int64, np.float64, np.uint64
        return VoteTable(
            round_index,
            split,
            self._prompts,
            list(self._models),
            pair=np.array(self._pair, whole),
            swapped=np.array(self._swapped, np.bool_),
            vote=np.array(self._vote, whole),
            p_a=np.array(self._p_a, real),
            prompt=np.array(self._prompt, whole),
            label=np.array(self._label, real),
            a=np.array(self._a, whole),
            b=np.array(self._b, whole),
            longer=np.array(self._longer, real),
            model_a=np.array(self._model_a, whole),
            model_b=np.array(self._model_b, whole),
            text_a=np.array(self._text_a, text),
            text_b=np.array(self._text_b, text),
        )

    def _model(self, answer: _Answer) -> int:
        if not answer.model:
            return UNKNOWN
        return self._models.setdefault(answer.model, len(self._models))
