"""The reward model `ensemble`, on a tiny model."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from rlaif_core.api import DataError, Message, PluginError, Prompt
from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.reward.ensemble_file import EnsembleFile
from rlaif_trl.reward.scalar_head import ScalarHead

HELD = frozenset(f"p{i}" for i in range(8))
PROMPTS = [Prompt(f"x{i}", (Message("user", f"say {i}"),)) for i in (12, 34, 56)]
TEXTS = ["12 please", "34 now", "56"]


def ensemble(**params) -> Ensemble:
    chosen = {"learning_rate": 3e-3, "num_train_epochs": 2, "members": 2, **params}
    return Ensemble(Ensemble.Params(**chosen))


def loaded(model, folder):
    model.load(str(folder))
    return model


def alone(folder):
    """The rewards that one member's folder gives, read by plain transformers."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rewards = []
    for prompt, text in zip(PROMPTS, TEXTS, strict=True):
        turns = [
            {"role": "user", "content": prompt.text},
            {"role": "assistant", "content": text},
        ]
        inputs = tokenizer.apply_chat_template(turns, return_dict=True, return_tensors="pt")
        with torch.no_grad():
            rewards.append(model(**inputs).logits.item())
    return rewards


@pytest.fixture(scope="module")
def fitted(checkpoint, preferences, tmp_path_factory):
    """A fitted ensemble of mean aggregation: folder, rows, metrics."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from rlaif_core.api import TrainingJob

    folder = tmp_path_factory.mktemp("ensemble")
    rows = preferences()
    pq.write_table(pa.Table.from_pylist(rows), folder / "train.parquet")
    job = TrainingJob(checkpoint, checkpoint, folder, HELD, (), folder / "output")
    return job.output, rows, ensemble(num_train_epochs=4).fit(job)


def test_fit_tells_what_it_measured(fitted):
    metrics = fitted[2]
    assert metrics["accuracy"] == 1.0
    assert metrics["member_accuracy"] == 1.0
    assert metrics["members"] == 2
    assert metrics["disagreement"] > 0
    assert metrics["heldout"] == 8
    assert metrics["preferences"] == 40


def test_rewards_are_the_standardised_mean_of_the_members(fitted):
    folder, *_ = fitted
    noted = json.loads((folder / "ensemble.json").read_text())
    mean = np.mean([alone(folder), alone(folder / "members" / "2")], axis=0)
    expected = (mean - noted["mean"]) / noted["deviation"]
    assert loaded(ensemble(), folder).score(PROMPTS, TEXTS) == pytest.approx(expected, abs=1e-5)


def test_rewards_have_mean_zero_and_deviation_one_over_the_training_responses(fitted):
    folder, rows, _ = fitted
    training = [row for row in rows if row["prompt_id"] not in HELD]
    prompts = [Prompt(row["prompt_id"], (Message(**row["prompt"][0]),)) for row in training]
    texts = [row[side][0]["content"] for side in ("chosen", "rejected") for row in training]
    rewards = loaded(ensemble(), folder).score(prompts * 2, texts)
    assert np.mean(rewards) == pytest.approx(0, abs=1e-5)
    assert np.std(rewards) == pytest.approx(1, abs=1e-5)


def test_members_differ(fitted):
    folder, *_ = fitted
    assert alone(folder) != pytest.approx(alone(folder / "members" / "2"), abs=1e-3)


def test_aggregation_is_the_trained_ones_whoever_loads_it(fitted):
    folder, *_ = fitted
    other = ensemble(aggregation="minimum", members=5)
    mean = loaded(ensemble(), folder).score(PROMPTS, TEXTS)
    assert loaded(other, folder).score(PROMPTS, TEXTS) == mean


@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_uncertainty_costs_reward(fitted, tmp_path, penalty):
    folder, *_ = fitted
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    made = replace(EnsembleFile.read(str(folder)), mean=0.0, deviation=1.0)
    replace(made, aggregation="mean_minus_variance", variance_penalty=penalty).write(copy)
    rewards = np.array([alone(folder), alone(folder / "members" / "2")])
    expected = rewards.mean(axis=0) - penalty * rewards.var(axis=0)
    assert loaded(ensemble(), copy).score(PROMPTS, TEXTS) == pytest.approx(expected, abs=1e-5)


def test_averaged_weights_are_one_model_that_trl_loads(job):
    done = job(heldout=HELD)
    metrics = ensemble(aggregation="weights", num_train_epochs=4).fit(done)
    assert metrics["accuracy"] == 1.0
    assert not (done.output / "members").exists()
    together = loaded(ensemble(), done.output).score(PROMPTS, TEXTS)
    as_one = loaded(ScalarHead(ScalarHead.Params()), done.output).score(PROMPTS, TEXTS)
    assert together == pytest.approx(as_one, abs=1e-4)
    assert alone(done.output) == pytest.approx(as_one, abs=1e-4)


def test_adapters_can_be_averaged(job):
    done = job(heldout=HELD)
    model = ensemble(aggregation="weights", lora={"r": 8}, learning_rate=1e-2, num_train_epochs=6)
    assert model.fit(done)["accuracy"] > 0.9


def test_same_seed_gives_the_same_rewards(job):
    rewards = []
    for _ in range(2):
        done = job()
        ensemble(max_steps=2).fit(done)
        rewards.append(loaded(ensemble(), done.output).score(PROMPTS, TEXTS))
    assert rewards[0] == rewards[1]


def test_noise_is_looked_for_once(job):
    reported = []
    done = job(progress=lambda *step: reported.append(step[:2]))
    metrics = ensemble(max_steps=1, noise={"folds": 2}).fit(done)
    assert "noise_flagged" in metrics
    assert reported == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_finished_members_are_not_trained_again(job, tmp_path):
    work, reported, again = tmp_path / "work", [], []
    model = ensemble(max_steps=2)
    stopped = job(
        work=work, cancelled=lambda: len(reported) >= 3, progress=lambda *s: reported.append(s)
    )
    model.fit(stopped)
    assert not (stopped.output / "ensemble.json").exists()
    whole, resumed = job(), job(work=work, progress=lambda *step: again.append(step[:2]))
    model.fit(resumed)
    model.fit(whole)
    assert again[-1] == (4, 4)
    assert (1, 4) not in again
    assert loaded(model, resumed.output).score(PROMPTS, TEXTS) == pytest.approx(
        loaded(ensemble(), whole.output).score(PROMPTS, TEXTS), abs=1e-5
    )


def test_trl_refuses_an_ensemble(fitted):
    with pytest.raises(PluginError, match="an ensemble of 2 reward models: load it as 'ensemble'"):
        ScalarHead(ScalarHead.Params()).load(str(fitted[0]))


def test_one_model_is_no_ensemble(checkpoint):
    with pytest.raises(PluginError, match=r"no ensemble\.json in it: load it as 'trl'"):
        ensemble().load(checkpoint)


def test_members_outside_the_folder_are_refused(tmp_path):
    EnsembleFile((".", "../other"), "mean", 0.5, 0.0, 1.0).write(tmp_path)
    with pytest.raises(PluginError, match="a member outside the folder"):
        ensemble().load(str(tmp_path))


def test_a_broken_ensemble_file_is_one_line(tmp_path):
    (tmp_path / "ensemble.json").write_text('{"members": ["."]')
    with pytest.raises(PluginError, match="not a readable ensemble"):
        ensemble().load(str(tmp_path))


def test_scoring_needs_a_loaded_model():
    with pytest.raises(LookupError, match="call load first"):
        ensemble().score(PROMPTS, TEXTS)


def test_too_few_preferences_are_refused(job, preferences):
    with pytest.raises(DataError, match="3 preferences are too few"):
        ensemble().fit(job(preferences(3)))
