"""What a checkout offers and its editable install does not."""

from __future__ import annotations

import pytest

from rlaif_core.cli import main
from rlaif_core.registry import Registry
from rlaif_kit.stale_install import drift

PYPROJECT = """
[project]
name = "{name}"

[project.entry-points."rlaif.v1.judges"]
{entries}
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of acme-judges, installed with two judges."""
    site = tmp_path / "site"
    info = site / "acme_checkout-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-checkout\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rlaif.v1.judges]\na = m:A\nb = m:B\n")
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


def test_the_command_says_what_to_install_again(checkout, capsys):
    source = checkout('a = "m:A"', 'b = "m:B"', 'c = "m:C"')
    assert main(["plugins", "stale", str(source)]) == 2
    folder = source / "plugins" / "acme-checkout"
    assert capsys.readouterr().out == (
        f"judge 'c' was added since acme-checkout was installed: pip install -e {folder}\n"
    )


def test_the_command_ends_well_if_nothing_is_stale(checkout, capsys):
    assert main(["plugins", "stale", str(checkout('a = "m:A"', 'b = "m:B"'))]) == 0
    assert capsys.readouterr().out == "all is installed as it is written\n"
