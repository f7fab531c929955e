"""Threads that PyTorch computes with."""

import asyncio
import threading

import pytest
import torch

from rlaif_transformers import threads
from rlaif_transformers.threads import computing_with


@pytest.fixture(autouse=True)
def two(monkeypatch):
    """As on a machine with two cores and nothing in the environment."""
    before = torch.get_num_threads()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads, "_FOUND", 2)
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def in_a_thread(work):
    """Result of `work` in a new thread."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


def threads_while_answering(model, ask, monkeypatch):
    """Numbers of threads that the model computes with, in its own thread."""
    seen = []
    scorer = model._local._scorer
    score = scorer.score

    def watched(*work):
        seen.append(torch.get_num_threads())
        return score(*work)

    monkeypatch.setattr(scorer, "score", watched)
    asyncio.run(model.complete([ask(options=(" A", " B"))]))
    return seen


def test_a_small_model_answers_with_one_thread(ready, checkpoint, ask, monkeypatch):
    model = ready(checkpoint, device="cpu")
    assert threads_while_answering(model, ask, monkeypatch) == [1]


def test_the_recipe_sets_the_number_of_threads(ready, checkpoint, ask, monkeypatch):
    model = ready(checkpoint, device="cpu", threads=3)
    assert threads_while_answering(model, ask, monkeypatch) == [3]


def test_a_thread_started_after_a_small_model_has_answered_uses_all_cores(
    ready, checkpoint, ask, monkeypatch
):
    model = ready(checkpoint, device="cpu")
    threads_while_answering(model, ask, monkeypatch)
    assert in_a_thread(torch.get_num_threads) == 2


def test_a_large_model_does_not_take_over_the_number_of_a_small_one(monkeypatch):
    def large_beside_small():
        with computing_with(None):
            return torch.get_num_threads()

    with computing_with(1):
        assert in_a_thread(large_beside_small) == 2
