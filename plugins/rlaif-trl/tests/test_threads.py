"""Threads suit the model that is trained, in the thread that trains it, and no longer."""

import pytest
import torch

from rlaif_lab.shipped import model_path
from rlaif_trl.model.checkpoint import load_causal
from rlaif_trl.training.isolation import isolated


@pytest.fixture(autouse=True)
def two(monkeypatch):
    before = torch.get_num_threads()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(torch.cuda.is_available(), reason="threads are a CPU's")
def test_a_small_policy_trains_with_one_thread():
    with isolated(0):
        load_causal(str(model_path("policy")), "float32")
        assert torch.get_num_threads() == 1


def test_training_gives_back_the_threads_that_it_found():
    with isolated(0):
        load_causal(str(model_path("policy")), "float32")
    assert torch.get_num_threads() == 2
