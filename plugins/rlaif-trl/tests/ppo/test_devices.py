"""Two processes on the CPU do what one does with the same batch."""

import pytest
import torch


def test_two_processes_train_what_one_trains(train):
    settings = {"num_mini_batches": 1, "whiten_rewards": True}
    alone = train(per_device_train_batch_size=8, **settings)
    together = train(per_device_train_batch_size=4, processes=2, **settings)
    assert together.metrics["steps"] == alone.metrics["steps"] == 2
    for name in ("reward", "kl_per_response", "policy_loss", "value_loss", "grad_norm", "length"):
        assert together.metrics[name] == pytest.approx(alone.metrics[name], rel=1e-3, abs=1e-5)
    for name, weight in alone.weights.items():
        torch.testing.assert_close(together.weights[name], weight, atol=1e-4, rtol=0.0)
