"""Checking a recipe imports nothing heavy, whatever it trains with."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"torch", "transformers", "trl", "peft", "datasets", "numpy", "scipy", "pyarrow"}


def modules_after(program: str) -> set[str]:
    program += "\nprint('modules:', *sys.modules)"
    output = subprocess.check_output([sys.executable, "-c", "import sys\n" + program], text=True)
    return set(output.rpartition("modules:")[2].split())


def test_importing_every_first_party_component_imports_no_training_library():
    program = (
        "from rlaif_core.registry import Registry\n"
        "registry = Registry.scan()\n"
        "for entry in registry.entries():\n"
        "    if entry.distribution.startswith('rlaif-'):\n"
        "        registry.load(entry)\n"
    )
    assert not HEAVY & modules_after(program)


def test_checking_a_recipe_that_trains_imports_no_training_library(tmp_path):
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "Hello?"}\n')
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "api: 1\n"
        "policy: {use: transformers, params: {path: some/model}}\n"
        "prompts: {train: {use: jsonl, params: {file: ./prompts.jsonl}}}\n"
        "sampler: {use: sweep}\n"
        "judge: {use: pairwise, model: policy}\n"
        "pairing: {use: all}\n"
        "reward_model: {use: trl}\n"
        "optimizer: {use: dpo}\n"
    )
    program = (
        "from rlaif_core.recipe.load import load_recipe\n"
        f"recipe = load_recipe({str(recipe)!r})\n"
        "assert recipe.resolved()\n"
    )
    assert not HEAVY & modules_after(program)
