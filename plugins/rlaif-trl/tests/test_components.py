"""Entry points and parameters as a recipe check sees them, without heavy imports."""

import json
import subprocess
import sys
from importlib.metadata import distribution

import pytest

from rlaif_core.api import json_schema
from rlaif_trl.pairs.dpo import DPO
from rlaif_trl.reward.scalar_head import ScalarHead

ENTRIES = [
    entry
    for entry in distribution("rlaif-trl").entry_points
    if entry.group in ("rlaif.v1.reward_models", "rlaif.v1.optimizers")
]

LOAD = """
import json, sys
from importlib.metadata import distribution
for entry in distribution("rlaif-trl").entry_points:
    entry.load()
heavy = ("torch", "transformers", "trl", "peft", "datasets", "numpy")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""


def test_every_way_of_learning_is_one_word_in_a_recipe():
    assert {entry.name for entry in ENTRIES} == {
        *("trl", "ensemble"),
        *("dpo", "kto", "orpo", "simpo", "cpo", "sft"),
        *("grpo", "rloo", "online-dpo", "rejection", "ppo", "soups"),
    }


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_component_has_defaults_for_all_its_parameters(entry):
    component = entry.load()
    assert component.Params()
    assert json_schema(component)["properties"]


def test_loading_every_component_imports_no_library_for_training():
    finished = subprocess.run(
        [sys.executable, "-c", LOAD], capture_output=True, text=True, check=True
    )
    assert json.loads(finished.stdout) == []


def test_parameters_have_the_names_that_trl_uses():
    assert {"beta", "loss_type", "lora", "learning_rate"} <= set(json_schema(DPO)["properties"])
    assert {"center_rewards_coefficient", "lora"} <= set(json_schema(ScalarHead)["properties"])
