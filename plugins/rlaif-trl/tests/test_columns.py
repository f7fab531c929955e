"""The data set of a round is taken by `datasets` and by TRL's own trainers as it is."""

import pytest


@pytest.fixture
def dataset(job, tmp_path):
    from datasets import load_dataset

    return load_dataset(str(job().preferences), cache_dir=str(tmp_path / "cache"), split="train")


def settings(kind, folder):
    return kind(
        output_dir=str(folder),
        max_steps=1,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        save_strategy="no",
        max_length=64,
    )


def test_dpo_trainer_takes_it(dataset, checkpoint, tmp_path, monkeypatch):
    from trl import DPOConfig, DPOTrainer

    monkeypatch.setattr(DPOTrainer, "_send_telemetry", lambda self: None)
    trainer = DPOTrainer(
        model=checkpoint, args=settings(DPOConfig, tmp_path), train_dataset=dataset
    )
    trainer.train()
    assert len(trainer.train_dataset) == 48
    assert trainer.state.global_step == 1


def test_reward_trainer_takes_it(dataset, checkpoint, tmp_path, monkeypatch):
    from trl import RewardConfig, RewardTrainer

    monkeypatch.setattr(RewardTrainer, "_send_telemetry", lambda self: None)
    trainer = RewardTrainer(
        model=checkpoint, args=settings(RewardConfig, tmp_path), train_dataset=dataset
    )
    trainer.train()
    assert len(trainer.train_dataset) == 48
    assert trainer.state.global_step == 1
