"""What lies in contrib/ is a distribution like all others, and no file has to name it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rlaif_core.registry import Registry
from rlaif_kit.stale_install import declared

ROOT = Path(__file__).parents[2]
CONTRIBUTED = sorted(path.parent for path in ROOT.glob("contrib/*/pyproject.toml"))
MATURITY = re.compile(r"^Maturity: (experimental|beta)$", re.MULTILINE)
OWNER = re.compile(r"^OWNER: \S", re.MULTILINE)


def lint(contrib: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "contrib/layers.py"]
    return subprocess.run(command, cwd=contrib, capture_output=True, text=True)


@pytest.mark.parametrize("folder", CONTRIBUTED, ids=lambda folder: folder.name)
class TestAContribution:
    def test_has_an_owner_a_maturity_and_tests(self, folder: Path) -> None:
        readme = (folder / "README.md").read_text("utf-8")
        assert OWNER.search(readme)
        assert MATURITY.search(readme)
        assert list(folder.glob("tests/test_*.py"))
        assert (folder / "CHANGELOG.md").is_file()

    def test_is_listed(self, folder: Path) -> None:
        assert f"]({folder.name}/README.md)" in (ROOT / "contrib/README.md").read_text("utf-8")

    @pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
    def test_is_installed_and_typed_by_make(self, folder: Path) -> None:
        planned = ["make", "--dry-run", "--always-make", "--no-print-directory", "check"]
        plan = subprocess.run(planned, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert f" -e contrib/{folder.name}" in plan
        assert f" contrib/{folder.name}/src" in plan

    def test_offers_what_its_pyproject_says(self, folder: Path) -> None:
        name, offers = declared(folder)
        installed = {
            (entry.kind, entry.name)
            for entry in Registry.scan().entries()
            if entry.distribution == name
        }
        assert installed == set(offers)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of which only what the linter reads is there."""
    shutil.copytree(ROOT / "contrib", tmp_path / "contrib")
    for package in ROOT.glob("plugins/*/src/*/__init__.py"):
        target = tmp_path / package.relative_to(ROOT)
        target.parent.mkdir(parents=True)
        target.touch()
    return tmp_path


def test_contributions_keep_to_what_a_plugin_may_import(checkout: Path) -> None:
    done = lint(checkout)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("KEPT") == (2 if CONTRIBUTED else 0)


@pytest.mark.parametrize(
    ("imported", "broken"),
    [
        (
            "rlaif_core.engine.executor",
            "A contribution imports api, commands, runs, kit and stats alone",
        ),
        ("rlaif_pairs.selections", "No contribution imports another plugin"),
    ],
)
def test_a_contribution_that_reaches_further_is_caught(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, imported: str, broken: str
) -> None:
    folder = checkout / "contrib" / "rlaif-reaching" / "src" / "rlaif_reaching"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(f"import {imported}\n")
    monkeypatch.setenv("PYTHONPATH", str(folder.parent))
    done = lint(checkout)
    assert done.returncode == 1
    assert f"{broken} BROKEN" in done.stdout


def test_without_contributions_there_is_nothing_to_lint(tmp_path: Path) -> None:
    (tmp_path / "contrib").mkdir()
    shutil.copy(ROOT / "contrib" / "layers.py", tmp_path / "contrib")
    done = lint(tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
