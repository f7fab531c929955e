"""The command `rlaif`: finds a command, runs it, and turns errors into one line each.

Only the module of the command that was asked for is imported, so that help and listings are fast.
Plugins add commands by the entry-point group `rlaif.v1.commands`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from rlaif_core.cli import plugin_commands

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("rlaif_core.cli.run", "run a recipe: from prompts to a better policy"),
    "plan": ("rlaif_core.cli.plan", "forecast calls, tokens and cost before spending"),
    "judge": ("rlaif_core.cli.judge", "judge pairs that exist already"),
    "report": ("rlaif_core.cli.report", "write a run's report as one HTML page"),
    "recipe": ("rlaif_core.cli.recipe", "check a recipe, fill in its defaults, print its schema"),
    "plugins": (
        "rlaif_core.cli.plugins",
        "list what is installed, check that it works",
    ),
}
"""Built-in command to its module, with the two functions of `api.Command`, and its help."""

USER_ERROR, CRASH, INTERRUPTED, BROKEN_PIPE = 2, 1, 130, 141


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, and whose help does not import `shutil`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Help, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Print the error and where help is; exit code 2."""
        self.exit(USER_ERROR, f"error: {message}; see `{self.prog} --help`\n")


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns
        except (OSError, ValueError):
            columns = 80  # not a terminal
        super().__init__(prog, max_help_position=30, width=max(40, columns - 2))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: Arguments without the program's name; `sys.argv[1:]` if not given.

    Returns:
        The exit code: 0, 1 for a crash, 2 for what the user can fix, 130 after Ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        with _plain_warnings():
            code = _dispatch(arguments)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse, after its help or error
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if debug:
            import traceback

            traceback.print_exc()
        return _explain(error)
    return code


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print a component's warning in a line, without a place in somebody's code."""
    before = warnings.formatwarning

    def plain(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        if category is UserWarning:
            return f"warning: {message}\n"
        return before(message, category, filename, lineno, line)

    warnings.formatwarning = plain
    try:
        yield
    finally:
        warnings.formatwarning = before


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        asked = arguments[:1] or ["--help"]
        helped = asked[0] in ("-h", "--help")
        _top(plugin_commands.listed() if helped else ()).parse_args(asked)
    name, rest = plugin_commands.split(arguments)
    command, line = _builtin(name) if name in COMMANDS else _plugged(name)
    spoken = name.replace(".", " ")
    actions = plugin_commands.actions(name) if {"-h", "--help"} & set(rest) else ""
    parser = Parser(prog=f"rlaif {spoken}", description=line, epilog=actions)
    command.configure(parser)
    code: int = command.execute(parser.parse_args(rest))
    return code


def _builtin(name: str) -> tuple[Any, str]:
    plugin_commands.refuse_clash(name)
    path, line = COMMANDS[name]
    return importlib.import_module(path), f"{line[0].upper()}{line[1:]}."


def _plugged(name: str) -> tuple[Any, str]:
    found = plugin_commands.find(name)
    if found is None:
        _top().error(f"unknown command '{name}'{plugin_commands.suggestion(name, COMMANDS)}")
    return found


def _top(plugins: Iterable[tuple[str, str]] = ()) -> Parser:
    from rlaif_core import __version__

    lines = [*((name, line) for name, (_, line) in COMMANDS.items()), *plugins]
    width = max(len(name) for name, _ in lines)
    commands = "\n".join(f"  {name:{width}}  {line}" for name, line in lines)
    parser = Parser(
        prog="rlaif",
        description="Align a language model with AI feedback: every part a plugin, chosen by name "
        f"in a recipe.\n\ncommands:\n{commands}\n\n`rlaif COMMAND --help` says more.",
    )
    parser.usage = "rlaif [--debug] COMMAND ..."
    parser.add_argument("--version", action="version", version=f"rlaif-core {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


def _explain(error: Exception) -> int:
    from rlaif_core.api.errors import RlaifError

    if isinstance(error, RlaifError):
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return USER_ERROR
    message = f"{type(error).__name__}: {error}".strip()
    print(f"error: {message}\nThis is a bug; `--debug` shows where.", file=sys.stderr)
    return CRASH
