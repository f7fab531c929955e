"""Labels that are likely wrong, found out of fold."""

import json

import numpy as np
import pytest

from rlaif_core.api import DataError, Message
from rlaif_trl.preferences.pairs import LabelledPair
from rlaif_trl.reward.noise import audit, folds
from rlaif_trl.reward.params import Noise
from rlaif_trl.reward.rows import EncodedPair
from rlaif_trl.reward.scalar_head import ScalarHead

FLIPPED = 24


def encoded(p_chosen=0.9):
    pair = LabelledPair("p", (Message("user", "hi"),), "a", "b", p_chosen, 2 * p_chosen - 1, 1.0)
    return EncodedPair(pair, [1], [2])


def reward_model(**params):
    chosen = {
        "learning_rate": 3e-3,
        "num_train_epochs": 3,
        "noise": {"folds": 3, "threshold": 0.5},
        **params,
    }
    return ScalarHead(ScalarHead.Params(**chosen))


def planted(preferences, count=120):
    """Preferences of which every fifth is turned round, and which those are."""
    rows = preferences(count)
    turned = {row["prompt_id"] for row in rows[::5]}
    for row in rows[::5]:
        row["chosen"], row["rejected"] = row["rejected"], row["chosen"]
    return rows, turned


def auroc(scores, positive):
    """Share of (positive, negative) pairs in which the positive one scores higher, ties ½."""
    scores, positive = np.asarray(scores), np.asarray(positive, dtype=bool)
    difference = scores[positive][:, None] - scores[~positive][None, :]
    return float(((np.sign(difference) + 1) / 2).mean())


@pytest.fixture(scope="module")
def flagged(checkpoint, preferences, tmp_path_factory):
    """A reward model with 20 % of its labels flipped: metrics, suspects, the flipped prompts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from rlaif_core.api import TrainingJob

    folder = tmp_path_factory.mktemp("noise")
    rows, turned = planted(preferences)
    pq.write_table(pa.Table.from_pylist(rows), folder / "train.parquet")
    job = TrainingJob(checkpoint, checkpoint, folder, frozenset(), (), folder / "output")
    metrics = reward_model().fit(job)
    lines = (job.output / "noise.jsonl").read_text().splitlines()
    return metrics, [json.loads(line) for line in lines], turned


def test_planted_flips_are_told_from_right_labels(flagged):
    _, suspects, turned = flagged
    probabilities = {suspect["prompt_id"]: suspect["p_folds"] for suspect in suspects}
    everyone = [f"p{i}" for i in range(120)]
    doubt = [1 - probabilities.get(prompt_id, 1.0) for prompt_id in everyone]
    assert auroc(doubt, [prompt_id in turned for prompt_id in everyone]) > 0.8


def test_what_was_flagged_is_counted_and_listed_worst_first(flagged):
    metrics, suspects, turned = flagged
    assert metrics["noise_flagged"] == len(suspects)
    assert metrics["preferences"] == 120
    assert metrics["folds_agreement"] == pytest.approx(1 - len(suspects) / 120)
    assert [suspect["p_folds"] for suspect in suspects] == sorted(
        suspect["p_folds"] for suspect in suspects
    )
    assert {suspect["action"] for suspect in suspects} == {"flag"}
    assert suspects[0]["prompt_id"] in turned


def test_dropped_pairs_are_not_trained_on(job, preferences):
    rows, _ = planted(preferences)
    metrics = reward_model(noise={"folds": 2, "action": "drop"}).fit(job(rows))
    assert metrics["noise_flagged"] > 0
    assert metrics["preferences"] == 120 - metrics["noise_flagged"]


def test_progress_counts_the_folds_too(job):
    reported = []
    done = job(progress=lambda *step: reported.append(step[:2]))
    reward_model(max_steps=2, noise={"folds": 2}).fit(done)
    assert reported == [(1, 6), (2, 6), (3, 6), (4, 6), (5, 6), (6, 6)]


def test_nothing_but_model_and_list_is_left(job):
    done = job()
    reward_model(max_steps=1, noise={"folds": 2}).fit(done)
    assert not [path.name for path in done.output.iterdir() if path.is_dir()]
    assert (done.output / "noise.jsonl").is_file()


def test_stopped_in_a_fold_it_writes_no_model(job):
    done = job(cancelled=lambda: True)
    reward_model(noise={"folds": 2}).fit(done)
    assert not (done.output / "config.json").exists()


def test_finished_folds_are_not_trained_again(job, tmp_path):
    reported = []
    work = tmp_path / "work"
    first = job(
        work=work, cancelled=lambda: len(reported) >= 3, progress=lambda *s: reported.append(s)
    )
    model = reward_model(max_steps=2, noise={"folds": 2})
    model.fit(first)
    again = []
    model.fit(job(work=work, progress=lambda *step: again.append(step[:2])))
    assert (1, 6) not in again
    assert again[-1] == (6, 6)


def test_folds_keep_prompts_together_and_are_alike():
    ids = [f"p{i // 3}" for i in range(30)]
    dealt = folds(ids, 5, seed=1)
    assert len({(prompt_id, fold) for prompt_id, fold in zip(ids, dealt, strict=True)}) == 10
    assert [dealt.count(fold) for fold in range(5)] == [6] * 5
    assert dealt == folds(ids, 5, seed=1) != folds(ids, 5, seed=2)


def test_more_folds_than_prompts_are_refused(job, preferences):
    with pytest.raises(DataError, match="8 prompts cannot be split into 9 folds: lower folds"):
        reward_model(noise={"folds": 9}).fit(job(preferences(8)))


def test_folds_that_leave_too_little_are_refused_before_training(job, preferences):
    reported = []
    done = job(preferences(9), progress=lambda *step: reported.append(step))
    with pytest.raises(DataError, match="preferences are too few to train on"):
        reward_model(noise={"folds": 2}).fit(done)
    assert not reported


def test_smoothing_mixes_label_and_folds():
    noise = Noise(action="smooth", smoothing=0.5)
    found = audit([encoded(0.9), encoded(0.9)], [0.1, 0.8], noise)
    assert [row.pair.p_chosen for row in found.pairs] == pytest.approx([0.5, 0.9])
    assert [row.pair.margin for row in found.pairs] == pytest.approx([0.0, 0.8])
    assert [p for _, p in found.suspects] == [0.1]


def test_flagging_changes_no_label():
    pairs = [encoded(0.9), encoded(0.8)]
    assert audit(pairs, [0.1, 0.2], Noise()).pairs == pairs


def test_a_lower_threshold_contradicts_fewer():
    probabilities = [0.05, 0.3, 0.45, 0.9]
    counts = [
        len(audit([encoded()] * 4, probabilities, Noise(threshold=threshold)).suspects)
        for threshold in (0.1, 0.4, 0.5)
    ]
    assert counts == [1, 2, 3]


def test_smoothing_needs_soft_labels():
    with pytest.raises(ValueError, match="set soft_labels: true"):
        reward_model(soft_labels=False, noise={"action": "smooth"})
