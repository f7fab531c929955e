"""Threads that suit a model on a CPU."""

import pytest

from rlaif_kit.threads import SMALL, threads_for


def test_a_small_model_computes_with_one_thread():
    assert threads_for(SMALL - 1, environ={}) == 1


def test_a_larger_one_is_left_to_the_library():
    assert threads_for(SMALL, environ={}) is None


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_a_number_set_in_the_environment_is_respected(name):
    assert threads_for(SMALL - 1, environ={name: "2"}) is None


def test_the_recipe_overrides_the_environment():
    assert threads_for(SMALL, 2, environ={"OMP_NUM_THREADS": "1"}) == 2
