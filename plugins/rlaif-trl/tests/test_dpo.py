"""The optimizer `dpo`, on a tiny model."""

import json
import math
from pathlib import Path

import pytest

from rlaif_trl.dpo import DPO


def optimizer(**params) -> DPO:
    return DPO(DPO.Params(**{"learning_rate": 1e-3, **params}))


def test_smoke(job):
    seen=[]
    j=job(progress=lambda *a: seen.append(a))
    m=optimizer(num_train_epochs=2).train(j)
    print(m); print(seen[0], seen[-1]); print(sorted(x.name for x in j.output.rglob("*")))
    assert 0
