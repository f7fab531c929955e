"""The reward model `trl` on whole rankings."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from rlaif_core.api import Message, Prompt
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward.params import ScalarHeadParams
from rlaif_trl.reward.rows import EncodedPair, ranking_rows
from rlaif_trl.reward.scalar_head import ScalarHead
from rlaif_trl.reward.trainer import RankingCollator, by_ranking

LISTWISE = ScalarHeadParams(loss="plackett_luce")


def reward_model(**params) -> ScalarHead:
    chosen = {"learning_rate": 3e-3, "num_train_epochs": 4, "loss": "plackett_luce", **params}
    return ScalarHead(ScalarHead.Params(**chosen))


def ranked(preferences, prompts=24):
    """Three responses to each prompt, as the pairs of neighbours."""
    rows = []
    for row in preferences(prompts):
        number = row["rejected"][0]["content"].split()[0]
        texts = [f"{number} please", number, f"{number} now!"]
        for better, worse in pairwise(texts):
            pair = {"chosen": better, "rejected": worse}
            turns = {side: [{"role": "assistant", "content": text}] for side, text in pair.items()}
            rows.append({**row, **turns})
    return rows


def encoded(chosen, rejected, p=0.9, agreement=1.0):
    pair = LabelledPair("p", (Message("user", "?"),), chosen, rejected, p, 2 * p - 1, agreement)
    return EncodedPair(pair, [ord(chosen)], [ord(rejected)])


def test_a_reward_model_learns_whole_rankings(job, preferences):
    done = job(ranked(preferences), heldout=frozenset({"p0", "p1", "p2"}))
    model = reward_model()
    metrics = model.fit(done)
    assert metrics["accuracy"] == 1.0
    assert metrics["rankings"] == 21
    assert metrics["preferences"] == 42
    assert metrics["inconsistent"] == 0
    model.load(str(done.output))
    prompt = Prompt("x", (Message("user", "say 77"),))
    best, middle, worst = model.score([prompt] * 3, ["77 please", "77", "77 now!"])
    assert best > middle > worst


def test_pairs_alone_train_the_same_model_as_bradley_terry(job, preferences):
    deviations = []
    for loss in ("bradley_terry", "plackett_luce"):
        metrics = reward_model(loss=loss).fit(job(preferences(24)))
        deviations.append(metrics["deviation"])
    assert deviations[0] == pytest.approx(deviations[1], rel=1e-5)


def test_contradicting_pairs_are_counted(job, preferences):
    rows = ranked(preferences)
    around = {**rows[0], "chosen": rows[1]["rejected"], "rejected": rows[0]["chosen"]}
    metrics = reward_model(max_steps=1).fit(job([*rows, {**around, "p_chosen": 0.6}]))
    assert metrics["inconsistent"] == 1


def test_a_chain_becomes_one_row_in_its_order():
    pairs = [encoded("b", "c", 0.7), encoded("a", "b", 0.9)]
    (row,) = ranking_rows(pairs, LISTWISE).rows
    assert row["responses"] == [[ord("a")], [ord("b")], [ord("c")]]
    assert row["p"] == [0.9, 0.7]


def test_margins_of_a_row_are_those_of_its_neighbours():
    pairs = [encoded("b", "c", 0.75), encoded("a", "b", 1.0)]
    params = LISTWISE.model_copy(update={"margin": 2.0})
    assert ranking_rows(pairs, params).rows[0]["margin"] == [2.0, 1.0]


def test_weights_are_one_on_average_over_rows():
    other = encoded("x", "y", agreement=0.5)
    pairs = [encoded("a", "b"), replace(other, pair=replace(other.pair, prompt_id="q"))]
    rows = ranking_rows(pairs, LISTWISE.model_copy(update={"weights": "agreement"})).rows
    assert [row["weight"] for row in rows] == pytest.approx([4 / 3, 2 / 3])


def test_without_soft_labels_every_choice_is_certain():
    params = LISTWISE.model_copy(update={"soft_labels": False})
    assert ranking_rows([encoded("a", "b"), encoded("b", "c")], params).rows[0]["p"] == [1.0, 1.0]


def test_a_smoothed_label_that_turned_is_soft_towards_the_other():
    pairs = [encoded("a", "b", 0.9), encoded("c", "b", 0.3)]
    (row,) = ranking_rows(pairs, LISTWISE).rows
    assert row["responses"] == [[ord("a")], [ord("b")], [ord("c")]]
    assert row["p"] == pytest.approx([0.9, 0.7])


def test_rankings_of_several_lengths_share_a_batch():
    batch = RankingCollator(pad=0)(
        [
            {"responses": [[1, 2], [3]], "p": [0.9], "margin": [0.0], "weight": 1.0},
            {"responses": [[4], [5], [6, 7]], "p": [0.8, 0.7], "margin": [0.0, 0.0], "weight": 1.0},
        ]
    )
    assert batch["input_ids"].tolist() == [[1, 2], [3, 0], [4, 0], [5, 0], [6, 7]]
    assert batch["attention_mask"].sum(dim=1).tolist() == [2, 1, 1, 1, 2]
    table = by_ranking(torch.arange(5.0), batch["sizes"])
    assert table[0, :2].tolist() == [0.0, 1.0]
    assert table[1].tolist() == [2.0, 3.0, 4.0]
    assert table[0, 2] < -1e8
