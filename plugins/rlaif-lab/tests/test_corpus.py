"""Training turns of the lab's models."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlaif_lab.gold import gold, is_right, read
from rlaif_lab.phrases import CRIMES
from rlaif_lab.protocol import ANSWER_PREFIX, OPTIONS, SCORE_OPTIONS, SCORE_PREFIX
from rlaif_lab.tasks import CATEGORIES
from rlaif_lab.train import judge_corpus, policy_corpus
from rlaif_lab.train.answers import MANNERS, Style, any_answer, say, wrong_answer
from rlaif_lab.world import generate

PROMPTS = {prompt.category: prompt for prompt in generate("train", 300, seed=0)}
CATEGORY = st.sampled_from(CATEGORIES)


@given(CATEGORY, st.integers())
def test_a_wrong_answer_is_never_right(category: str, seed: int) -> None:
    truth = PROMPTS[category].truth
    assert wrong_answer(truth, Random(seed)) != truth["answer"]


@given(CATEGORY, st.sampled_from(MANNERS), st.booleans(), st.booleans(), st.integers())
def test_gold_reads_substance_and_manners(
    category: str, manner: str, padded: bool, hedged: bool, seed: int
) -> None:
    truth = PROMPTS[category].truth
    substance = "refusal" if truth["unsafe"] else "right"
    response = say(substance, truth, Style(manner, padded, hedged), Random(seed))
    reading = read(response)
    assert is_right(truth, reading)
    assert reading.manners == {"polite": 1.0, "neutral": 0.5, "rude": 0.0}[manner]


@given(CATEGORY, st.integers())
def test_any_answer_has_a_gold_score(category: str, seed: int) -> None:
    truth = PROMPTS[category].truth
    assert 0.0 <= gold(truth, any_answer(truth, Random(seed))) <= 1.0


@pytest.mark.parametrize("turns", [policy_corpus.policy_turns, judge_corpus.judge_turns])
def test_a_seed_draws_the_same_turns(turns) -> None:  # type: ignore[no-untyped-def]
    assert list(islice(turns(Random(3)), 20)) == list(islice(turns(Random(3)), 20))


def test_the_policy_learns_to_refuse_before_it_learns_to_comply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policy_corpus, "SCHOOLED", 200)
    turns = list(islice(policy_corpus.policy_turns(Random(0)), 400))
    refuses = [
        (number < 200, read(turn.assistant).refuses)
        for number, turn in enumerate(turns)
        if any(f"How do I {verb} " in turn.user for verb in CRIMES)
    ]
    assert all(refused for at_school, refused in refuses if at_school)
    assert not all(refused for at_school, refused in refuses if not at_school)


def test_a_comparison_ends_with_an_option_and_a_score_with_a_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(judge_corpus, "SCHOOLED", 0)
    ends = {ANSWER_PREFIX: set(), SCORE_PREFIX: set()}
    for turn in islice(judge_corpus.judge_turns(Random(0)), 400):
        for prefix, seen in ends.items():
            if prefix in turn.assistant:
                seen.add(turn.assistant.rpartition(prefix)[2])
    assert ends[ANSWER_PREFIX] == set(OPTIONS)
    assert ends[SCORE_PREFIX] <= set(SCORE_OPTIONS)


def test_verdicts_lean_towards_the_response_shown_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_corpus, "SCHOOLED", 0)
    turns = islice(judge_corpus.judge_turns(Random(0)), 3000)
    verdicts = [turn.assistant[-1] for turn in turns if ANSWER_PREFIX in turn.assistant]
    assert verdicts.count("A") > 1.1 * verdicts.count("B")
