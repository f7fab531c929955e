"""What a recipe check sees: entry points and parameters, without heavy imports."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from rlaif_core.api import json_schema


@pytest.mark.parametrize(("kind", "name"), [("reward_models", "trl"), ("optimizers", "dpo")])
def test_entry_point_loads(kind, name):
    (entry,) = entry_points(group=f"rlaif.v1.{kind}", name=name)
    assert entry.load().Params()


def test_importing_components_imports_no_library_for_training():
    code = (
        "import sys, rlaif_trl.dpo, rlaif_trl.reward_model; "
        "print([m for m in ('torch', 'transformers', 'trl', 'peft', 'datasets', 'numpy')"
        " if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_every_parameter_has_a_schema():
    from rlaif_trl.dpo import DPO
    from rlaif_trl.reward_model import ScalarHead

    assert {"beta", "loss_type", "lora", "learning_rate"} <= set(json_schema(DPO)["properties"])
    assert {"center_rewards_coefficient", "lora"} <= set(json_schema(ScalarHead)["properties"])
