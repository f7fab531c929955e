"""Run tests that call the program's functions. The tests run here, the functions elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any

from .candidate import Candidate, UnsendableError

Emit = Callable[[dict[str, Any]], None]
LONGEST_DETAIL = 300


def run_function_tests(start: Callable[[], Candidate], read: Callable[[], Any], emit: Emit) -> None:
    """Run the tests against the program, and emit one verdict a test.

    Args:
        start: Starts the program.
        read: Reads the tests: `prompt`, `tests`, `entry_point`. Called once the program runs.
        emit: Takes `{"passed": …, "detail": …}` a test, or `{"broken": …}` if the tests cannot
            be run whatever the program is.
    """
    candidate = start()
    given = read()
    try:
        tests = [(text, compile(text, "<tests>", "exec")) for text in given["tests"]]
        prompt = _prompt(given["prompt"])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        emit({"broken": f"the tests or the code beside them do not compile: {error}"})
        return
    if candidate.ended:
        for _ in tests:
            emit({"passed": False, "detail": candidate.ended})
        return
    scope = {"__name__": "tests"} | {name: candidate.function(name) for name in candidate.names}
    try:
        exec(prompt, scope)  # its definitions are the task's own, and hide the program's
    except Exception as error:
        emit({"broken": f"the prompt's code does not run: {type(error).__name__}: {error}"})
        return
    if given["entry_point"]:
        scope[given["entry_point"]] = candidate.function(given["entry_point"])
    for text, code in tests:
        emit(_verdict(candidate, text, code, dict(scope), given["entry_point"]))


def _prompt(text: str) -> CodeType:
    try:
        return compile(text, "<prompt>", "exec")
    except IndentationError:  # it ends with a signature; the body is for the program to write
        begun = text.rstrip()
        last = begun.rpartition("\n")[2]
        indent = last[: len(last) - len(last.lstrip())]
        return compile(f"{begun}\n{indent}    pass", "<prompt>", "exec")


def _verdict(
    candidate: Candidate, text: str, code: CodeType, scope: dict[str, Any], entry_point: str
) -> dict[str, Any]:
    before = scope.get("check")  # the program's, if it has one of that name
    calls = candidate.calls
    try:
        exec(code, scope)
        check = scope.get("check")
        if entry_point and callable(check) and check is not before:
            check(scope[entry_point])
    except UnsendableError as error:
        return {"broken": str(error)}
    except BaseException as error:
        return {"passed": False, "detail": candidate.ended or _detail(error, text)}
    if candidate.calls == calls:  # nothing runs a function that only stands there
        return {"broken": "a test passes without calling the program: every program would pass it"}
    # A bare `except:` in a test may have hidden that the program was gone.
    return {"passed": not candidate.ended, "detail": candidate.ended}


def _detail(error: BaseException, text: str) -> str:
    number, step = 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<tests>":
            number = step.tb_lineno
        step = step.tb_next
    where = text.splitlines()[number - 1].strip() if number else ""
    what = f"{type(error).__name__}: {error}".removesuffix(": ").partition("\n")[0]
    return (f"{what} at: {where}" if where else what)[:LONGEST_DETAIL]
