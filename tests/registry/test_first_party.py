from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rlaif_core.registry.first_party import KNOWN
from rlaif_kit.stale_install import declared

ROOT = Path(__file__).parents[2]


@pytest.fixture
def extras() -> dict[str, list[str]]:
    """The extras that hatch_build.py declares."""
    tree = ast.parse((ROOT / "hatch_build.py").read_text("utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXTRAS"
    )
    return ast.literal_eval(value)


def test_the_table_is_what_the_plugins_of_the_checkout_offer():
    offered = {}
    for folder in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        distribution, offers = declared(folder.parent)
        offered |= dict.fromkeys(offers, distribution)
    assert {key: distribution for key, (distribution, _) in KNOWN.items()} == offered


def test_every_extra_installs_the_distribution_it_is_named_for(extras):
    assert all(distribution in extras[extra] for distribution, extra in KNOWN.values())
