"""Agreement between judges, and of one judge with itself on prompts that say nearly the same."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlaif_core.api import Abstention, JudgedPair, Response, Verdict, Vote
from rlaif_core.store.ledger import Ledger
from rlaif_judge_metrics.ensemble_agreement import members
from rlaif_judge_metrics.near_duplicates import normal, similar
from rlaif_stats.agreement import cohen_kappa, confusion_matrix, krippendorff_alpha
from tests.support.ballot_box import judged, jury, prompt, reliability, train


def test_jurors_are_compared_pair_by_pair(ledger: Ledger) -> None:
    rng = random.Random(8)
    truth = {f"p{i:04}": rng.random() < 0.5 for i in range(120)}

    def three(first: Response, second: Response) -> Verdict:
        right = truth[first.prompt_id] == (first.index < second.index)
        known = {}
        for name, accuracy in (("one", 1.0), ("two", 0.9), ("three", 0.7)):
            drawn = random.Random(f"{name} {first.prompt_id}").random() < accuracy
            known[name] = 0.9 if right == drawn else 0.1
        return jury(known)

    pairs = judged(ledger, three, texts="ab", prompts=120)
    measures, missing = train(ledger)
    told = [
        [json.loads(line)["p_first"] for line in pair.votes[0].verdict.explanation.split("\n")]
        for pair in pairs
    ]
    sides = np.sign(np.array(told) - 0.5)
    alpha = measures["juror_alpha"]
    assert alpha["value"] == pytest.approx(krippendorff_alpha(sides.T))
    assert alpha["n"] == 120
    assert set(alpha["kappas"]) == {"one × two", "one × three", "two × three"}
    expected = cohen_kappa(confusion_matrix(sides[:, 0], sides[:, 1]))
    assert alpha["kappas"]["one × two"]["value"] == pytest.approx(expected)
    assert alpha["kappas"]["one × two"]["value"] > alpha["kappas"]["one × three"]["value"]
    assert "principle_alpha" not in measures.keys() | missing.keys()


def test_a_position_bias_that_jurors_share_is_no_agreement(ledger: Ledger) -> None:
    judged(ledger, lambda first, second: jury({"one": 1.0, "two": 0.8}), texts="ab")
    measures, missing = train(ledger)
    assert "juror_alpha" not in measures
    assert "every label is the same" in missing["juror_alpha"]


def test_what_a_model_writes_in_its_own_words_is_no_juror() -> None:
    assert list(members('The first is better.\n{"judge": "x", "p_first": 1}')) == []
    assert list(members(' {"judge": "x", "p_first": 1}')) == []
    assert list(members('{"judge": 3, "p_first": 1}\n{"judge": "x", "p_first": 7}\n[1]')) == []
    assert list(members('{"judge": "x", "abstention": "refused", "detail": ""}')) == []


def test_members_are_read_as_the_judges_write_them() -> None:
    pooling = pytest.importorskip("rlaif_judges.jury.pool")
    said = [
        pooling.Member("small", Verdict(0.75, explanation="why\nnot\u2028{")),
        pooling.Member("large", Verdict.abstain(Abstention.REFUSED)),
        pooling.Member("kind", Verdict(0.25)),
    ]
    for kind in ("judge", "principle"):
        told = list(members(pooling.pooled(said, kind).explanation))
        assert told == [(kind, "small", 0.75), (kind, "kind", 0.25)]


def test_the_evaluation_judge_is_compared_where_both_have_judged(ledger: Ledger) -> None:
    rng = random.Random(3)
    pairs = judged(ledger, lambda a, b: rng.choice([0.1, 0.9]), texts="ab", prompts=50)
    decided = [(pair, pair.p_a) for pair in pairs if pair.p_a not in (None, 0.5)]
    # The other judge saw them proposed the other way round, and differs on every fourth.
    other = [
        JudgedPair(pair.prompt, pair.b, pair.a, (Vote("ab", 0, Verdict(p)),), p, 1.0)
        for place, (pair, p_a) in enumerate(decided)
        for p in [p_a if place % 4 == 0 else 1.0 - p_a]
    ]
    ledger.keep_judged(0, "second", other)
    kappa = train(ledger)[0]["evaluation_judge_kappa"]
    assert kappa["n"] == len(decided) > 10
    assert kappa["same_side"] == pytest.approx(1.0 - math.ceil(len(decided) / 4) / len(decided))
    # Labels are of the response whose id comes first, whoever proposed the pair.
    turned = np.array([1.0 if pair.a.id < pair.b.id else -1.0 for pair, _ in decided])
    ours = turned * np.sign(np.array([p_a for _, p_a in decided]) - 0.5)
    theirs = np.where(np.arange(ours.size) % 4 == 0, -ours, ours)
    assert kappa["value"] == pytest.approx(cohen_kappa(confusion_matrix(ours, theirs)))


def reworded(ledger: Ledger, texts: Sequence[str], labels: Sequence[float]) -> dict[str, Any]:
    pairs = []
    asked = [prompt(f"p{i}", text) for i, text in enumerate(texts)]
    ledger.keep_prompts("train", asked)
    for place, (question, p) in enumerate(zip(asked, labels, strict=True)):
        answers = ["Yes, it is.", "no,  it IS not."]
        if place % 2:  # the other way round, and spelled a little differently
            answers, p = ["No, it is not.", "yes, it is."], 1.0 - p
        a, b = (Response.of(question, text, i) for i, text in enumerate(answers))
        ledger.keep_responses(0, "train", [a, b])
        pairs.append(JudgedPair(question, a, b, (Vote("ab", 0, Verdict(p)),), p, 1.0))
    ledger.keep_judged(0, "train", pairs)
    return reliability(ledger)


def test_reworded_prompts_with_the_same_responses_are_one_question(ledger: Ledger) -> None:
    texts = [
        "Is the Great Wall of China visible from the moon with the naked eye?",
        "Is the great wall of China visible from the moon, with the naked eye??",
        "Is the Great Wall of China visible from the Moon with a naked eye?",
        "Which is the capital of Australia, and since when has it been?",
    ]
    found = reworded(ledger, texts, [0.9, 0.8, 0.2, 0.1])
    one = found["measures"]["train"]["near_duplicate_consistency"]
    assert one["n"] == 3
    assert one["value"] == pytest.approx(1 / 3)


def test_equal_prompts_and_other_numbers_are_no_near_duplicates(ledger: Ledger) -> None:
    same = "Is 17 times 23 more than 390, if you work it out by hand?"
    texts = [same, same, same.replace("390", "392")]
    found = reworded(ledger, texts, [0.9, 0.9, 0.1])
    assert "reworded" in found["not_measured"]["train"]["near_duplicate_consistency"]


@settings(max_examples=60)
@given(st.text(max_size=80), st.text(max_size=80))
def test_similarity_is_mutual_and_everything_is_like_itself(one: str, other: str) -> None:
    ours, theirs = normal(one), normal(other)
    assert similar(ours, ours)
    assert similar(ours, theirs) == similar(theirs, ours)
    assert normal(ours) == ours
