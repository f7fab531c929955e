"""Behaviour shared by all optimizers of a policy, on a tiny model."""

import random
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rlaif_core.api import DataError, Message, PluginError, Prompt, RunError, TrainingJob
from rlaif_trl.imitation.sft import SFT
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.online.online_dpo import OnlineDPO
from rlaif_trl.online.rejection import Rejection
from rlaif_trl.online.rloo import RLOO
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.pairs.kto import KTO
from rlaif_trl.pairs.reference_free import CPO, ORPO, SimPO

OFFLINE = (DPO, KTO, ORPO, SimPO, CPO, SFT)
ONLINE = (GRPO, RLOO, OnlineDPO, Rejection)
QUICK = {"learning_rate": 1e-3, "max_steps": 3, "logging_steps": 1}
SHORT = {"max_completion_length": 8}

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(16)]


def share_of_vowels(prompts, texts):
    """A reward that a random model can raise."""
    return [sum(letter in "aeiou" for letter in text) / max(len(text), 1) for text in texts]


@pytest.fixture
def prepared(job) -> Callable[..., TrainingJob]:
    """Makes jobs that every optimizer can do."""

    def make(**changes: object) -> TrainingJob:
        return job(**{"prompts": PROMPTS, "scorer": share_of_vowels, **changes})

    return make


def make(kind, **params):
    own = SHORT if kind in ONLINE else {}
    return kind(kind.Params(**{**QUICK, **own, **params}))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def same(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("kind", [*OFFLINE, *ONLINE])
def test_it_changes_the_policy_and_writes_it_alone(kind, prepared, checkpoint):
    done = prepared()
    metrics = make(kind).train(done)
    assert metrics["steps"] == 3
    assert sorted(file.name for file in done.output.iterdir()) == [
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert not same(done.output, Path(checkpoint))


@pytest.mark.parametrize("kind", [*OFFLINE, *ONLINE])
def test_adapter_is_merged_into_the_policy_and_kept_beside_it(kind, prepared):
    done = prepared()
    make(kind, lora={"r": 2}, max_steps=1).train(done)
    assert (done.output / "adapter" / "adapter_model.safetensors").is_file()
    assert not any("lora" in name for name in weights(done.output))


@pytest.mark.parametrize("kind", [DPO, GRPO])
def test_gradient_checkpointing_changes_nothing_but_memory(kind, prepared):
    plain, frugal = prepared(), prepared()
    make(kind).train(plain)
    make(kind, gradient_checkpointing=True).train(frugal)
    first, second = weights(plain.output), weights(frugal.output)
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)


@pytest.mark.parametrize("kind", [*OFFLINE, *ONLINE])
def test_training_that_was_stopped_goes_on_to_the_same_bits(kind, prepared, tmp_path):
    undisturbed, reported = prepared(), []
    make(kind, max_steps=5).train(undisturbed)
    stopped = prepared(
        work=tmp_path / "work",
        progress=lambda done, total, metrics: reported.append((done, total)),
        cancelled=lambda: len(reported) == 2,
    )
    make(kind, max_steps=5).train(stopped)
    assert not (stopped.output / "model.safetensors").exists()
    make(kind, max_steps=5).train(replace(stopped, cancelled=lambda: False))
    if kind is Rejection:  # draws all responses first, and reads them again when it goes on
        assert reported == [(1, 2), (6, 10), (1, 2), (7, 10), (8, 10), (9, 10), (10, 10)]
    else:
        assert reported == [(step, 5) for step in range(1, 6)]
    assert same(undisturbed.output, stopped.output)


@pytest.mark.parametrize(
    ("kind", "lora"), [(DPO, None), (DPO, {"r": 2}), (GRPO, None), (KTO, None)]
)
def test_training_that_was_killed_goes_on_from_the_last_checkpoint(kind, lora, prepared, tmp_path):
    undisturbed, reported = prepared(), []
    make(kind, max_steps=5, lora=lora).train(undisturbed)

    def die(done, total, metrics):
        reported.append(done)
        if len(reported) == 4:
            raise KeyboardInterrupt

    killed = prepared(work=tmp_path / "work", progress=die)
    with pytest.raises(KeyboardInterrupt):
        make(kind, max_steps=5, save_steps=2, lora=lora).train(killed)
    make(kind, max_steps=5, save_steps=2, lora=lora).train(killed)
    assert reported == [1, 2, 3, 4, 3, 4, 5] or reported == [1, 2, 3, 4, 5]
    assert same(undisturbed.output, killed.output)


@pytest.mark.parametrize("kind", [KTO, SFT, GRPO, RLOO, OnlineDPO, Rejection])
def test_nothing_is_printed_and_nobody_is_called(kind, prepared, capfd, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("CI", raising=False)
    make(kind).train(
        prepared(scorer=lambda prompts, texts: [None, *map(float, range(1, len(texts)))])
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [KTO, GRPO, OnlineDPO, Rejection])
def test_random_state_of_the_process_is_left_alone(kind, prepared):
    random.seed(5)
    torch.manual_seed(5)
    states = random.getstate(), torch.random.get_rng_state()
    make(kind).train(prepared())
    assert random.getstate() == states[0]
    assert torch.equal(torch.random.get_rng_state(), states[1])


@pytest.mark.parametrize("kind", [KTO, GRPO, RLOO, OnlineDPO])
def test_reference_may_be_another_checkpoint(kind, prepared, other_checkpoint):
    own, other = prepared(), prepared(reference=other_checkpoint)
    adapted = prepared(reference=other_checkpoint)
    make(kind, beta=0.5).train(own)
    make(kind, beta=0.5).train(other)
    make(kind, beta=0.5, lora={"r": 2}).train(adapted)
    assert not same(own.output, other.output)


@pytest.mark.parametrize("kind", [GRPO, RLOO, OnlineDPO, Rejection])
def test_rewards_are_needed(kind, prepared):
    with pytest.raises(DataError, match="give the recipe a scorer"):
        make(kind).train(prepared(scorer=None))


@pytest.mark.parametrize("kind", [GRPO, RLOO, OnlineDPO, Rejection])
def test_prompts_are_needed(kind, prepared):
    with pytest.raises(DataError, match="no prompt to train on"):
        make(kind).train(prepared(prompts=()))


@pytest.mark.parametrize("kind", [GRPO, OnlineDPO, Rejection])
def test_prompts_that_leave_too_little_room_are_counted_and_refused(kind, prepared):
    long = Prompt("long", (Message("user", "long " * 20),))
    with pytest.raises(DataError, match="1 of 17 prompts leave a response less than 8 of 96"):
        make(kind).train(prepared(prompts=[*PROMPTS, long]))


def test_prompts_that_leave_too_little_room_are_truncated_on_request(prepared):
    long = Prompt("long", (Message("user", "long " * 20),))
    metrics = make(GRPO, overlong="truncate").train(prepared(prompts=[*PROMPTS, long]))
    assert metrics["truncated"] == 1


@pytest.mark.parametrize("kind", [GRPO, Rejection])
def test_response_must_fit_into_the_context(kind, prepared):
    with pytest.raises(DataError, match="max_completion_length 96 leaves no room for a prompt"):
        make(kind, max_completion_length=96).train(prepared())


@pytest.mark.parametrize("kind", [GRPO, RLOO])
def test_groups_must_fill_the_batch(kind):
    with pytest.raises(ValueError, match="num_generations 3 does not divide the 8 responses"):
        make(kind, num_generations=3)


@pytest.mark.parametrize("kind", [ORPO, SFT, GRPO])
def test_lora_names_that_match_nothing_are_refused(kind, prepared):
    with pytest.raises(PluginError, match="match no module of the model: choose from down_proj"):
        make(kind, lora={"target_modules": ["query"]}).train(prepared())


@pytest.mark.parametrize("kind", [KTO, SFT, GRPO])
def test_divergence_stops_the_training(kind, prepared):
    with pytest.raises(RunError, match=r"diverged at step \d+: .*; lower learning_rate"):
        make(kind, learning_rate=1e30, max_grad_norm=0, max_steps=6).train(prepared())


@pytest.mark.parametrize("kind", [GRPO, OnlineDPO, Rejection])
def test_scorer_with_another_number_of_rewards_is_an_error(kind, prepared):
    with pytest.raises(DataError, match="the scorer returned 1 rewards for"):
        make(kind).train(prepared(scorer=lambda prompts, texts: [1.0]))


def test_kto_refuses_marks_of_one_kind(prepared, preferences):
    rows = [{**row, "rejected": []} for row in preferences()]
    with pytest.raises(DataError, match="all 48 responses are good, and kto learns from the"):
        make(KTO).train(prepared(rows=rows))


def test_kto_refuses_ties_alone(prepared, preferences):
    with pytest.raises(DataError, match="0 marked responses are too few"):
        make(KTO).train(prepared(rows=preferences(p_chosen=0.5)))


@pytest.mark.parametrize("kind", [ORPO, SimPO, CPO])
def test_ties_alone_are_refused(kind, prepared, preferences):
    with pytest.raises(DataError, match="all 48 preferences are ties"):
        make(kind).train(prepared(rows=preferences(p_chosen=0.5)))


@pytest.mark.parametrize("kind", [KTO, SFT, CPO])
def test_too_few_preferences_are_refused(kind, prepared, preferences):
    with pytest.raises(DataError, match="are too few to train on, at least"):
        make(kind).train(prepared(rows=preferences(3)))


@pytest.mark.parametrize("kind", [KTO, ORPO, SFT])
def test_too_long_preferences_are_counted_and_refused(kind, prepared, preferences):
    rows = preferences()
    rows[3]["prompt"] = [{"role": "user", "content": "long " * 20}]
    with pytest.raises(DataError, match=r"[12] of \d+ are longer than 96 tokens"):
        make(kind).train(prepared(rows=rows))
