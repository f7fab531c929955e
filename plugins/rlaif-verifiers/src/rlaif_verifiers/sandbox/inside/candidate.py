"""The checker's side of a function test: a process that runs the program, and calls into it."""

from __future__ import annotations

import builtins
import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from .confinement import confine
from .served import serve
from .wire import ClosedError, WireError, decode, encode, read_frame, write_frame

NEVER_RAISED = (StopIteration, StopAsyncIteration, GeneratorExit)
"""Raised in a test, these end `all(map(...))` early, as if every item had been right."""

LONGEST_LINE = 300


class EndedError(BaseException):
    """The program is gone. No `except Exception` of a test should take that for an answer."""


class UnsendableError(BaseException):
    """The test passes an argument that cannot leave its process: the test's fault."""


class Candidate:
    """The program in a process of its own.

    Started before any test is read: what the process inherits holds nothing about them.

    Args:
        program: Python source.
        limits: See `confine`; `output_kb` limits what one call may return.

    Attributes:
        names: What the program defines that can be called, without the interpreter's own names.
        ended: How the program ended or failed; empty while it runs.
        calls: How often it was called.
    """

    def __init__(self, program: str, limits: dict[str, Any]) -> None:
        self._limit = limits["output_kb"] << 10
        self.ended = ""
        self.calls = 0
        questions, self._questions = os.pipe()
        self._answers, answers = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            _become_the_program(questions, answers, program, limits)
        os.close(questions)
        os.close(answers)
        self.names: frozenset[str] = frozenset()
        with contextlib.suppress(EndedError):  # `ended` says so
            loaded = self._receive()
            if "error" in loaded:
                self.ended = f"the program does not load: {_line(loaded['error'])}"
            else:
                self.names = frozenset(filter(_is_free_name, loaded.get("names", ())))

    def function(self, name: str) -> Callable[..., Any]:
        """A function that calls the program's function of that name, arguments by value.

        It returns plain data; an exception comes as the built-in that it derives from.
        """

        def call(*args: Any, **named: Any) -> Any:
            self.calls += 1
            if self.ended:
                raise EndedError(self.ended)
            try:
                asked = {"call": name, "args": encode(args), "named": encode(named)}
            except WireError as error:
                raise UnsendableError(f"an argument of {name} cannot be passed: {error}") from None
            try:
                write_frame(self._questions, asked)
            except ClosedError:
                self._raise_ended()
            reply = self._receive()
            if "error" in reply:
                raise _raisable(reply["error"])
            try:
                return decode(reply["value"])
            except (WireError, KeyError):
                self.ended = f"what {name} returns cannot be read"
                raise EndedError(self.ended) from None

        call.__name__ = name
        return call

    def _receive(self) -> dict[str, Any]:
        try:
            reply = read_frame(self._answers, self._limit)
        except ClosedError:
            self._raise_ended()
        except WireError as error:
            self.ended = f"what it returns cannot be read: {error}"
            raise EndedError(self.ended) from None
        if not _is_reply(reply):
            self.ended = "what it returns cannot be read"
            raise EndedError(self.ended)
        return dict(reply)

    def _raise_ended(self) -> NoReturn:
        # Whoever has ended already keeps the status it ended with.
        os.kill(self._process, signal.SIGKILL)
        _, status = os.waitpid(self._process, 0)
        self.ended = how_it_ended(status)
        raise EndedError(self.ended)


def how_it_ended(status: int) -> str:
    """A wait status in words."""
    if os.WIFEXITED(status):
        return f"the program ended with exit code {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return "the program ran out of CPU time"
    return f"the program was ended by {signal.Signals(number).name}"


def _become_the_program(
    questions: int, answers: int, program: str, limits: dict[str, Any]
) -> NoReturn:
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        # Numbers above those in use, so that all the others can be closed.
        questions, answers = os.dup2(questions, 30), os.dup2(answers, 31)
        os.closerange(3, 30)
        os.closerange(32, 1 << 16)
        confine(limits)
        os.chdir("/tmp")
        serve(questions, answers, program, limits["output_kb"] << 10)
    finally:
        os._exit(1)


def _is_reply(reply: Any) -> bool:
    """True if it is what `serve` would write: the program may write there what it likes."""
    if not isinstance(reply, dict) or len(reply) != 1:
        return False
    if "error" not in reply:
        return isinstance(reply.get("names", []), list)
    error = reply["error"]
    return (
        isinstance(error, dict)
        and isinstance(error.get("message"), str)
        and isinstance(error.get("kinds"), list)
        and all(isinstance(kind, str) for kind in error["kinds"])
    )


def _is_free_name(name: Any) -> bool:
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("__"):
        return False
    return not hasattr(builtins, name)


def _raisable(error: dict[str, Any]) -> Exception:
    """The nearest built-in exception. Classes of the program stay in its process."""
    for name in error["kinds"]:
        kind = getattr(builtins, name, None)
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            continue
        if issubclass(kind, NEVER_RAISED):
            break
        try:
            return kind(error["message"])
        except TypeError:  # UnicodeDecodeError and its like want more than a message
            continue
    return RuntimeError(_line(error))


def _line(error: dict[str, Any]) -> str:
    kind = next(iter(error["kinds"]), "error")
    return f"{kind}: {error['message']}".partition("\n")[0][:LONGEST_LINE]
