"""What every command has in common."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types

import pytest

from rlaif_core import __version__, cli
from rlaif_core.api import RecipeError


@pytest.fixture
def command(monkeypatch):
    """Installs a command `fake` that does whatever it is given."""

    def install(execute):
        module = types.ModuleType("fake_command")
        module.configure = lambda parser: parser.add_argument("--loud", action="store_true")
        module.execute = execute
        monkeypatch.setitem(sys.modules, "fake_command", module)
        monkeypatch.setitem(cli.COMMANDS, "fake", ("fake_command", "do something"))

    return install


def test_help_names_every_command_with_its_line(rlaif):
    code, out, _ = rlaif("--help")
    assert code == 0
    for name, (_, line) in cli.COMMANDS.items():
        assert f"{name} " in out
        assert line in out


def test_no_arguments_are_help(rlaif):
    assert rlaif() == rlaif("--help")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(rlaif, name):
    code, out, _ = rlaif(name, "--help")
    assert code == 0
    assert out.startswith(f"usage: rlaif {name} ")


@pytest.mark.parametrize(
    ("command", "folder"),
    [("run", "runs/NAME"), ("judge", "runs/NAME"), ("compare", "runs/NAME-compare")],
)
def test_help_names_the_default_run_directory(rlaif, monkeypatch, command, folder):
    monkeypatch.setenv("COLUMNS", "200")
    assert f"default: {folder}, with" in rlaif(command, "--help")[1]


def test_every_command_has_its_two_functions():
    for path, _ in cli.COMMANDS.values():
        module = importlib.import_module(path)
        assert callable(module.configure)
        assert callable(module.execute)


def test_the_version(rlaif):
    assert rlaif("--version") == (0, f"rlaif-core {__version__}\n", "")


def test_an_unknown_command_gets_a_suggestion(rlaif):
    expected = "error: unknown command 'rnu'; did you mean 'run'?; see `rlaif --help`\n"
    assert rlaif("rnu") == (2, "", expected)


def test_an_unknown_option_is_one_line(rlaif, command):
    command(lambda args: 0)
    expected = "error: unrecognized arguments: --quiet; see `rlaif fake --help`\n"
    assert rlaif("fake", "--quiet") == (2, "", expected)


def test_an_unknown_option_before_the_command_is_one_line(rlaif):
    expected = "error: unrecognized arguments: --quiet; see `rlaif --help`\n"
    assert rlaif("--quiet", "run") == (2, "", expected)


def test_options_cannot_be_cut_short(rlaif, command):
    command(lambda args: 0)
    assert rlaif("fake", "--lou").code == 2


def test_the_commands_code_is_the_exit_code(rlaif, command):
    command(lambda args: 7 if args.loud else 0)
    assert rlaif("fake").code == 0
    assert rlaif("fake", "--loud").code == 7


def test_an_error_of_the_user_is_a_line_each_without_a_traceback(rlaif, command):
    def execute(args):
        raise RecipeError(["r.yaml:1:1: this", "r.yaml:2:2: that"])

    command(execute)
    expected = "error: r.yaml:1:1: this\nerror: r.yaml:2:2: that\n"
    assert rlaif("fake") == (2, "", expected)


@pytest.mark.parametrize("arguments", [("--debug", "fake"), ("fake", "--debug")])
def test_debug_before_or_after_the_command_shows_the_traceback(rlaif, command, arguments):
    def execute(args):
        raise RecipeError(["r.yaml:1:1: this"])

    command(execute)
    code, _, err = rlaif(*arguments)
    assert code == 2
    assert err.startswith("Traceback (most recent call last):")
    assert err.endswith("error: r.yaml:1:1: this\n")


def test_a_bug_is_one_line_that_says_so(rlaif, command):
    command(lambda args: 1 // 0)
    code, _, err = rlaif("fake")
    assert code == 1
    assert err == (
        "error: ZeroDivisionError: integer division or modulo by zero\n"
        "This is a bug; `--debug` shows where.\n"
    )


def test_an_interrupt_is_130(rlaif, command):
    def execute(args):
        raise KeyboardInterrupt

    command(execute)
    assert rlaif("fake") == (130, "", "interrupted\n")


def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m rlaif_core.cli recipe schema | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == "{\n"
    assert "BrokenPipe" not in done.stderr
    assert "Traceback" not in done.stderr


def test_help_fits_the_terminal(rlaif, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = rlaif("recipe", "check", "--help").out.splitlines()
    assert max(map(len, lines)) <= 60


WARNED = """
import sys, types, warnings
from rlaif_core import cli
def execute(arguments):
    warnings.warn("no price is known", stacklevel=1)
    warnings.warn("an API goes", FutureWarning, stacklevel=1)
    return 0
fake = sys.modules["fake"] = types.ModuleType("fake")
fake.configure, fake.execute = lambda parser: None, execute
cli.COMMANDS["fake"] = ("fake", "do something")
sys.exit(cli.main(["fake"]))
"""


def test_what_a_component_warns_of_is_one_line():
    done = subprocess.run([sys.executable, "-c", WARNED], capture_output=True, text=True)
    assert done.returncode == 0
    first, *rest = done.stderr.splitlines()
    assert first == "warning: no price is known"
    assert "FutureWarning: an API goes" in rest[0]  # not for users: its place is needed
