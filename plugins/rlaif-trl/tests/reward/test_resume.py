"""An interrupted reward model goes on to the weights of an undisturbed one, bit for bit."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.reward.scalar_head import ScalarHead

KINDS = [
    (ScalarHead, {}),
    (ScalarHead, {"lora": {"r": 2}}),
    (ScalarHead, {"noise": {"folds": 2}}),
    (Ensemble, {"members": 2}),
    (Ensemble, {"members": 2, "aggregation": "weights"}),
]


def same(one, other):
    first, second = (load_file(job.output / "model.safetensors") for job in (one, other))
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("kind", "params"), KINDS)
def test_fit_that_was_stopped_goes_on_to_the_same_bits(kind, params, job, tmp_path):
    made = kind(kind.Params(max_steps=4, logging_steps=1, learning_rate=1e-3, **params))
    undisturbed, reported = job(heldout=frozenset({"p0"})), []
    measured = made.fit(undisturbed)
    stopped = job(
        heldout=frozenset({"p0"}),
        work=tmp_path / "work",
        progress=lambda *step: reported.append(step),
        cancelled=lambda: len(reported) == 3,
    )
    made.fit(stopped)
    assert not (stopped.output / "model.safetensors").exists()
    assert made.fit(replace(stopped, cancelled=lambda: False)) == measured
    assert same(undisturbed, stopped)


@pytest.mark.parametrize(("kind", "params"), KINDS[:4])
def test_fit_that_was_killed_goes_on_from_its_last_checkpoint(kind, params, job, tmp_path):
    made = kind(kind.Params(max_steps=4, learning_rate=1e-3, save_steps=2, **params))
    undisturbed, reported = job(), []
    made.fit(undisturbed)

    def die(*step):
        reported.append(step)
        if len(reported) == 3:
            raise KeyboardInterrupt

    killed = job(work=tmp_path / "work", progress=die)
    with pytest.raises(KeyboardInterrupt):
        made.fit(killed)
    made.fit(killed)
    assert same(undisturbed, killed)
