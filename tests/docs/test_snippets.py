"""Every snippet of the README and the docs runs: a page is one session in an empty folder.

In a page, in order: a block with `title="name"` is written to that file; `python` blocks without
a title run; `bash` blocks run line by line and end with 0 unless a comment says otherwise
(`# exits with 3: …`), `make` and `pip` lines only checked for their targets; `yaml` blocks are
recipes unless titled otherwise; `text`, `json` and `console` blocks are shown.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOWN = {"text", "json", "console"}
FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
EXIT_CODE = re.compile(r"# exits with (\d+)")


@dataclass(frozen=True)
class Snippet:
    language: str
    title: str
    text: str
    line: int


def snippets(page: Path) -> list[Snippet]:
    text = page.read_text(encoding="utf-8")
    return [
        Snippet(found[1], found[2] or "", found[3], text.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(text)
    ]


def pages() -> list[Path]:
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(page for page in found if any(s.language not in SHOWN for s in snippets(page)))


def run(command: list[str], folder: Path, exit_code: int = 0) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    told = f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == exit_code, f"exit code {done.returncode}: {told}"


def check_shell_line(line: str, folder: Path) -> None:
    words = shlex.split(line, comments=True)
    if not words:
        return
    if words[0] == "source":
        assert words[1] == ".venv/bin/activate"  # in the folder of whoever typed `make`
    elif words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert words[1] in targets
    elif words[:2] == ["pip", "install"]:
        assert words[2] != "-e" or (folder / words[3] / "pyproject.toml").is_file()
        for extra in re.findall(r"\[([a-z,]+)\]", line):
            build = (ROOT / "hatch_build.py").read_text()
            assert all(f'"{name}"' in build for name in extra.split(","))
    else:
        code = EXIT_CODE.search(line)
        run(["bash", "-euo", "pipefail", "-c", line], folder, int(code[1]) if code else 0)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_snippets_of_the_page_run(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    for number, snippet in enumerate(snippets(page)):
        if snippet.title:
            target = tmp_path / snippet.title
            assert target.resolve().is_relative_to(tmp_path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(snippet.text, encoding="utf-8")
        elif snippet.language == "python":
            script = tmp_path / f"snippet_{number}.py"
            script.write_text(snippet.text, encoding="utf-8")
            run([sys.executable, str(script)], tmp_path)
        elif snippet.language == "bash":
            for line in snippet.text.replace("\\\n", " ").splitlines():
                check_shell_line(line, tmp_path)
        elif snippet.language == "yaml":
            script = tmp_path / f"snippet_{number}.yaml"
            script.write_text(snippet.text, encoding="utf-8")
            run(["rlaif", "recipe", "check", "--allow-local-code", str(script)], tmp_path)
        else:
            assert snippet.language in SHOWN, f"{page.name}:{snippet.line}: {snippet.language}?"


def modules(page: Path) -> list[Snippet]:
    """What people copy into a file, and later into a distribution of their own."""
    return [snippet for snippet in snippets(page) if snippet.language == "python" and snippet.title]


@pytest.mark.parametrize(
    "page", filter(modules, pages()), ids=lambda page: str(page.relative_to(ROOT))
)
def test_code_that_people_copy_keeps_the_rules_of_this_project(page: Path, tmp_path: Path) -> None:
    for snippet in modules(page):
        folder = "tests" if Path(snippet.title).name.startswith("test_") else "src"
        (target := tmp_path / folder / snippet.title).parent.mkdir(parents=True, exist_ok=True)
        target.write_text(snippet.text, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ruff = [sys.executable, "-m", "ruff"]
    run(
        [
            *ruff,
            "check",
            "--no-cache",
            "--config",
            f"src = ['{ROOT}', '{ROOT}/plugins/*/src']",
            ".",
        ],
        tmp_path,
    )
    run([*ruff, "format", "--no-cache", "--check", "."], tmp_path)
