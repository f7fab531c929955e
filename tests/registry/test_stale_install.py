from __future__ import annotations

import pytest

from rlaif_core.registry import Registry
from rlaif_core.registry.stale_install import drift

PYPROJECT = """
[project]
name = "{name}"

[project.entry-points."rlaif.v1.judges"]
{entries}
"""


@pytest.fixture
def checkout(tmp_path, make_distribution, monkeypatch):
    """A checkout of acme-judges, installed with two judges."""
    site = make_distribution("[rlaif.v1.judges]\na = m:A\nb = m:B\n", "acme-checkout")
    monkeypatch.syspath_prepend(str(site))
    folder = tmp_path / "checkout" / "plugins" / "acme-checkout"
    folder.mkdir(parents=True)

    def write(*entries: str, name: str = "acme-checkout"):
        text = PYPROJECT.format(name=name, entries="\n".join(entries))
        (folder / "pyproject.toml").write_text(text)
        return folder.parents[1]

    return write


def test_a_checkout_that_is_installed_as_it_is_has_no_drift(checkout):
    assert drift(Registry.scan(), checkout('a = "m:A"', 'b = "m:B"')) == []


def test_added_removed_and_moved_components_are_named(checkout):
    source = checkout('a = "moved:A"', 'c = "m:C"')
    folder = source / "plugins" / "acme-checkout"
    since = f"since acme-checkout was installed: pip install -e {folder}"
    assert drift(Registry.scan(), source) == [
        f"judge 'a' has moved {since}",
        f"judge 'b' was removed {since}",
        f"judge 'c' was added {since}",
    ]


def test_the_folder_of_one_distribution_will_do(checkout):
    source = checkout('a = "m:A"') / "plugins" / "acme-checkout"
    (line,) = drift(Registry.scan(), source)
    assert line.startswith("judge 'b' was removed")


def test_distributions_that_are_not_installed_are_left_out(checkout):
    assert drift(Registry.scan(), checkout('a = "m:A"', name="acme-nowhere")) == []
