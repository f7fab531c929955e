"""The gallery in recipes/: short, valid, listed, and what is played of it works."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rlaif_core.cli import main

ROOT = Path(__file__).parents[2]
RECIPES = sorted(ROOT.glob("recipes/*.yaml"))
GALLERY = [recipe for recipe in RECIPES if recipe.stem != "quickstart"]
LONGEST = 25
TINY = {
    "constitutional": ["prompts.train.params.n=24"],
    "score-reward": ["prompts.train.params.n=8", "optimizer.params.max_steps=2"],
}
"""Recipes that are played whole, and how they are made small."""


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_a_recipe_has_no_errors(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "check", str(recipe)]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_a_recipe_is_listed_and_named_for_its_file(recipe: Path) -> None:
    page = (ROOT / "docs/how-to/recipes.md").read_text("utf-8")
    assert f"`recipes/{recipe.name}`" in page
    assert yaml.safe_load(recipe.read_text("utf-8"))["name"] == recipe.stem


@pytest.mark.parametrize("recipe", GALLERY, ids=lambda recipe: recipe.stem)
def test_a_recipe_is_short_says_what_it_shows_and_warns_of_nothing(
    recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = recipe.read_text("utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert len(lines) <= LONGEST
    assert max(map(len, lines)) <= 100
    main(["recipe", "check", str(recipe)])
    assert "warning: " not in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_recipe_plays_from_beginning_to_end(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rlaif_core.cli", "run", str(ROOT / f"recipes/{name}.yaml")]
    command += ["--run-dir", str(tmp_path / "run"), "--json"]
    for override in ("prompts.heldout.params.n=12", *TINY[name]):
        command += ["--set", override]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    policy = json.loads(done.stdout)["rounds"][0]["policy"]
    assert 0.0 < policy["gold_score"]["after"] <= 1.0
    assert (tmp_path / "run" / "report.html").stat().st_size > 1000
    assert list((tmp_path / "run" / "policy").glob("*.safetensors"))
