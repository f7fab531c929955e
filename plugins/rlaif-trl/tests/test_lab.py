"""Both components on the lab's own policy, which is loaded by the same code as any checkpoint."""

import math

import pytest

from rlaif_core.api import Message, Prompt
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.reward.scalar_head import ScalarHead


@pytest.fixture(scope="module")
def policy() -> str:
    shipped = pytest.importorskip("rlaif_lab.shipped", reason="rlaif-lab is not installed")
    folder = shipped.model_path("policy")
    if not (folder / "model.safetensors").exists():
        pytest.skip("the lab's policy is not built yet")
    return str(folder)


def test_dpo_trains_the_lab_policy(job, policy):
    reported = []
    done = job(checkpoint=policy, reference=policy, progress=lambda *step: reported.append(step[2]))
    optimizer = DPO(DPO.Params(learning_rate=5e-4, per_device_train_batch_size=16))
    metrics = optimizer.train(done)
    assert reported[0]["loss"] == pytest.approx(math.log(2), abs=1e-5)
    assert metrics["loss"] < math.log(2)


def test_reward_model_starts_from_the_lab_policy(job, policy):
    done = job(checkpoint=policy, heldout=frozenset({"p0", "p1"}))
    model = ScalarHead(
        ScalarHead.Params(learning_rate=1e-3, per_device_train_batch_size=16, num_train_epochs=3)
    )
    assert model.fit(done)["accuracy"] == 1.0
    model.load(str(done.output))
    prompt = Prompt("p", (Message("user", "say 55"),))
    polite, rude = model.score([prompt, prompt], ["55 please", "55 now!"])
    assert polite > rude
