"""`rlaif plugins new`: what it writes installs, works, and passes its tests as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rlaif_core.cli import main
from rlaif_core.registry import KINDS, Registry

ROOT = Path(__file__).parents[3]


def new(*arguments: object) -> int:
    return main(["plugins", "new", *map(str, arguments)])


def python(*arguments: object, cwd: Path, path: Path | None = None) -> str:
    """What a fresh interpreter says; it has to end well."""
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """A folder with a plugin of every kind, under the rules of this project."""
    folder = tmp_path_factory.mktemp("contrib")
    for kind in KINDS:
        assert new(f"try-{kind.replace('_', '-')}", "--kind", kind, "--into", folder) == 0
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def site(written, tmp_path_factory) -> Path:
    """A folder for `sys.path` in which they are installed."""
    site = tmp_path_factory.mktemp("site")
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    folders = sorted(path.parent for path in written.glob("*/pyproject.toml"))
    python("-m", "pip", "install", "-q", *offline, "--target", site, *folders, cwd=written)
    return site


def test_every_kind_is_offered_under_its_name(site):
    offered = {entry.kind: entry for entry in Registry.scan([str(site)]).entries()}
    assert {kind: entry.name for kind, entry in offered.items()} == {
        kind: f"try-{kind.replace('_', '-')}" for kind in KINDS
    }
    assert not [entry.problem for entry in offered.values() if entry.problem]
    assert offered["judges"].summary.endswith("which response is more helpful.")


def test_every_kind_keeps_its_contract(site, written):
    names = [f"rlaif-try-{kind.replace('_', '-')}" for kind in KINDS]
    program = "import sys; from rlaif_core.cli import main\n"
    program += f"sys.exit(max(main(['plugins', 'check', name]) for name in {names}))"
    out = python("-c", program, cwd=written, path=site)
    assert out.count("works") == len(KINDS)


def test_every_kind_passes_its_own_tests(site, written):
    pytest_options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    folders = sorted(written.glob("*/tests"))
    assert len(folders) == len(KINDS)
    out = python("-m", "pytest", *pytest_options, *folders, cwd=written, path=site)
    assert "passed" in out.splitlines()[-1]


def test_every_kind_keeps_the_rules_of_this_project(site, written):
    in_checkout = ["--config", f"src = ['{ROOT}']"]  # where rlaif_core is not somebody else's
    python("-m", "ruff", "check", "--no-cache", *in_checkout, ".", cwd=written)
    python("-m", "ruff", "format", "--no-cache", "--check", ".", cwd=written)
    sources = sorted(written.glob("*/src/*"))
    config = ["--config-file", ROOT / "pyproject.toml"]
    python("-m", "mypy", *config, "--no-incremental", *sources, cwd=ROOT)


def test_it_says_where_it_wrote_and_what_comes_next(tmp_path, capsys):
    assert new("terse", "--kind", "judges", "--into", tmp_path / "plugins") == 0
    folder = tmp_path / "plugins" / "rlaif-terse"
    assert capsys.readouterr().out == (
        f"written: {folder}\nnext: pip install -e {folder} && pytest {folder}\n"
    )
    assert "class Terse(PairwiseJudge" in (folder / "src/rlaif_terse/terse.py").read_text()


def test_the_distribution_may_have_another_name(tmp_path):
    assert new("terse", "--kind", "judges", "--distribution", "acme-x", "--into", tmp_path) == 0
    assert 'name = "acme-x"' in (tmp_path / "acme-x" / "pyproject.toml").read_text()
    assert (tmp_path / "acme-x" / "src" / "acme_x" / "terse.py").is_file()


def test_it_overwrites_nothing(tmp_path, capsys):
    (tmp_path / "rlaif-terse").mkdir()
    assert new("terse", "--kind", "judges", "--into", tmp_path) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}/rlaif-terse exists: choose another name, or another folder by --into\n"
    )
    assert not list((tmp_path / "rlaif-terse").iterdir())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["Terse", "--kind", "judges"], "'Terse' is no name"),
        (["../up", "--kind", "judges"], "'../up' is no name"),
        (["terse", "--kind", "judges", "--distribution", "a b"], "'a b' is no name"),
        (["class", "--kind", "judges"], "would make 'class', a word of Python"),
        (["none", "--kind", "filters"], "would make 'None', a word of Python"),
        (["verdict", "--kind", "judges"], "would make 'Verdict', a word of rlaif_core.api"),
        (["local", "--kind", "executors"], "is installed already: choose another name"),
        (
            ["terse", "--kind", "judges", "--distribution", "rlaif-core"],
            "a package rlaif_core is installed already: choose another --distribution",
        ),
        (["terse", "--kind", "judge"], "invalid choice: 'judge'"),
        (["terse"], "required: --kind"),
    ],
)
def test_what_it_cannot_write_is_one_line(tmp_path, capsys, arguments, told):
    assert new(*arguments, "--into", tmp_path) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert new("terse", "--kind", "judges", "--into", tmp_path / "file") == 2
    err = capsys.readouterr().err
    assert "rlaif-terse cannot be written: Not a directory" in err
    assert err.count("\n") == 1
