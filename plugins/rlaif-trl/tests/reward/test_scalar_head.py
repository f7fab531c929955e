"""The reward model `trl`, on a tiny model."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import DataError, Message, PluginError, Prompt
from rlaif_trl.reward.scalar_head import ScalarHead

HELD = frozenset(f"p{i}" for i in range(8))


def reward_model(**params) -> ScalarHead:
    chosen = {"learning_rate": 3e-3, "num_train_epochs": 4, "logging_steps": 1, **params}
    return ScalarHead(ScalarHead.Params(**chosen))


def prompt(number: int = 12) -> Prompt:
    return Prompt(f"p{number}", (Message("user", f"say {number}"),))


def reference_set(rows) -> tuple[list[Prompt], list[str]]:
    """Prompts and responses of all preferences that are not held out."""
    training = [row for row in rows if row["prompt_id"] not in HELD]
    prompts = [Prompt(row["prompt_id"], (Message(**row["prompt"][0]),)) for row in training]
    return prompts * 2, [
        row[side][0]["content"] for side in ("chosen", "rejected") for row in training
    ]


@pytest.fixture(scope="module")
def fitted(checkpoint, preferences, tmp_path_factory):
    """A fitted and loaded reward model: model, folder, rows, metrics."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from rlaif_core.api import TrainingJob

    folder = tmp_path_factory.mktemp("fitted")
    rows = preferences()
    pq.write_table(pa.Table.from_pylist(rows), folder / "train.parquet")
    model = reward_model()
    job = TrainingJob(checkpoint, checkpoint, folder, HELD, (), folder / "output")
    metrics = model.fit(job)
    model.load(str(job.output))
    return model, job.output, rows, metrics


def test_better_responses_score_higher(fitted):
    model, *_ = fitted
    polite, rude = model.score([prompt(77), prompt(77)], ["77 please", "77 now"])
    assert polite > rude + 1


def test_fit_tells_what_it_measured(fitted):
    *_, metrics = fitted
    assert metrics["accuracy"] == 1.0
    assert metrics["heldout"] == 8
    assert metrics["preferences"] == 40
    assert metrics["steps"] == 20
    assert metrics["loss"] < 0.6
    assert metrics["deviation"] > 0


def test_rewards_have_mean_zero_and_deviation_one_over_the_training_responses(fitted):
    model, _, rows, _ = fitted
    rewards = torch.tensor(model.score(*reference_set(rows)), dtype=torch.float64)
    assert rewards.mean().item() == pytest.approx(0, abs=1e-5)
    assert rewards.std(correction=0).item() == pytest.approx(1, abs=1e-5)


def test_plain_transformers_gives_the_same_rewards(fitted):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model, folder, *_ = fitted
    plain = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = ["12 please", "12 now!!!"]
    batch = tokenizer.apply_chat_template(
        [
            [{"role": "user", "content": "say 12"}, {"role": "assistant", "content": text}]
            for text in texts
        ],
        padding=True,
        return_dict=True,
        return_tensors="pt",
    )
    with torch.no_grad():
        rewards = plain(**batch).logits[:, 0].tolist()
    assert model.score([prompt()] * 2, texts) == pytest.approx(rewards, abs=1e-5)


def test_standardisation_is_written_down(fitted):
    _, folder, _, metrics = fitted
    noted = json.loads((folder / "config.json").read_text())["rlaif_standardisation"]
    assert noted["mean"] == metrics["mean"]
    assert noted["deviation"] == metrics["deviation"]
    assert noted["count"] == 80
    assert noted["reference"] == "responses of the training preferences"


def test_reward_is_the_same_alone_and_in_a_batch(fitted):
    model, _, rows, _ = fitted
    prompts, responses = reference_set(rows)
    together = model.score(prompts, responses)
    alone = [model.score([p], [r])[0] for p, r in zip(prompts, responses, strict=True)]
    assert together == pytest.approx(alone, abs=1e-5)


def test_small_batches_give_the_same_rewards(fitted):
    model, folder, rows, _ = fitted
    small = reward_model(score_batch_tokens=1)
    small.load(str(folder))
    assert small.score(*reference_set(rows)) == pytest.approx(
        model.score(*reference_set(rows)), abs=1e-5
    )


def test_no_responses_have_no_rewards(fitted):
    assert fitted[0].score([], []) == []


def test_prompts_and_responses_must_be_as_many(fitted):
    with pytest.raises(ValueError, match="argument 2 is longer"):
        fitted[0].score([prompt()], ["a", "b"])


def test_scoring_needs_a_loaded_model():
    with pytest.raises(LookupError, match="call load first"):
        reward_model().score([prompt()], ["a"])


def test_too_long_responses_are_refused_or_truncated(fitted):
    model, folder, *_ = fitted
    with pytest.raises(DataError, match="1 of 2 are longer than 96 tokens"):
        model.score([prompt()] * 2, ["a" * 200, "b"])
    cutting = reward_model(overlong="truncate")
    cutting.load(str(folder))
    assert len(cutting.score([prompt()] * 2, ["a" * 200, "b"])) == 2


def test_reference_set_can_be_bounded(job):
    done = job()
    reward_model(max_steps=1, reference_size=20).fit(done)
    noted = json.loads((done.output / "config.json").read_text())["rlaif_standardisation"]
    assert noted["count"] == 20


def test_same_seed_gives_the_same_weights(job):
    one, other = job(), job()
    for run in (one, other):
        reward_model(num_train_epochs=1).fit(run)
    first, second = (load_file(run.output / "model.safetensors") for run in (one, other))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_adapter_trains_the_head_too_and_is_merged(job, checkpoint, preferences):
    done = job(heldout=HELD)
    model = reward_model(lora={"r": 8}, learning_rate=1e-2, num_train_epochs=6)
    assert model.fit(done)["accuracy"] > 0.9
    model.load(str(done.output))
    rewards = torch.tensor(model.score(*reference_set(preferences())))
    assert rewards.std(correction=0).item() == pytest.approx(1, abs=1e-4)
    assert (done.output / "adapter" / "adapter_model.safetensors").exists()
    merged = load_file(done.output / "model.safetensors")
    assert not any("lora" in name or "modules_to_save" in name for name in merged)


def test_without_heldout_preferences_no_accuracy_is_told(job):
    metrics = reward_model(max_steps=1).fit(job())
    assert metrics["heldout"] == 0
    assert "accuracy" not in metrics


def test_ties_count_one_half(job, preferences):
    rows = preferences()
    for row in rows[:8]:
        row["rejected"] = row["chosen"]
    assert reward_model(max_steps=1).fit(job(rows, heldout=HELD))["accuracy"] == 0.5


def test_soft_labels_set_how_far_rewards_part(job, preferences):
    deviations = [
        reward_model(num_train_epochs=8).fit(job(preferences(p_chosen=p)))["deviation"]
        for p in (0.6, 0.95)
    ]
    assert deviations[0] < deviations[1] / 2


def test_margin_pushes_rewards_apart(job):
    without, with_margin = (
        reward_model(margin=margin).fit(job())["deviation"] for margin in (0.0, 2.0)
    )
    assert with_margin > without


def test_cancelled_fit_writes_no_model(job):
    done = job(cancelled=lambda: True)
    assert reward_model().fit(done)["steps"] == 1
    assert not (done.output / "config.json").exists()


def test_too_few_preferences_are_refused(job, preferences):
    with pytest.raises(DataError, match="3 preferences are too few"):
        reward_model().fit(job(preferences(11), heldout=HELD))


def test_ties_alone_are_refused(job, preferences):
    with pytest.raises(DataError, match="are ties"):
        reward_model().fit(job(preferences(p_chosen=0.5)))


def test_reward_model_continues_from_a_reward_model(job, fitted):
    _, folder, *_ = fitted
    metrics = reward_model(max_steps=1, learning_rate=1e-9).fit(job(checkpoint=str(folder)))
    assert metrics["mean"] == pytest.approx(0, abs=0.2)
    assert metrics["deviation"] == pytest.approx(1, abs=0.1)


def test_output_holds_the_model_and_nothing_else(fitted):
    folder: Path = fitted[1]
    assert sorted(file.name for file in folder.iterdir()) == [
        "chat_template.jinja",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_lora_names_that_match_nothing_are_refused(job):
    with pytest.raises(PluginError, match="match no module"):
        reward_model(lora={"target_modules": "nothing.*"}).fit(job())
