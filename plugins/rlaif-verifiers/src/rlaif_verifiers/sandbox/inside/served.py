"""The program's side of a function test: run it once, then call what it defined when asked."""

from __future__ import annotations

from typing import Any

from .wire import ClosedError, WireError, decode, encode, read_frame, write_frame

LONGEST_MESSAGE = 500


def serve(questions: int, answers: int, program: str, limit: int) -> None:
    """Run the program, say what it defines, and answer calls until nobody asks.

    Args:
        questions: Where the calls come from.
        answers: Where the answers go.
        program: Python source.
        limit: The longest frame, in bytes.
    """
    scope: dict[str, Any] = {"__name__": "solution"}
    try:
        exec(compile(program, "<program>", "exec"), scope)
        write_frame(answers, {"names": [name for name, value in scope.items() if callable(value)]})
    except BaseException as error:  # also what a program raises to look as if it had ended well
        write_frame(answers, {"error": _described(error)})
        return
    while True:
        try:
            asked = read_frame(questions, limit)
        except ClosedError:
            return
        try:
            answer = scope[asked["call"]](*decode(asked["args"]), **decode(asked["named"]))
            reply = {"value": encode(answer)}
        except BaseException as error:
            reply = {"error": _described(error)}
        write_frame(answers, reply)


def _described(error: BaseException) -> dict[str, Any]:
    kinds = [kind.__name__ for kind in type(error).__mro__]
    try:
        message = str(error)[:LONGEST_MESSAGE]
    except Exception:
        message = ""
    if isinstance(error, WireError):
        kinds = ["TypeError"]
    return {"kinds": kinds, "message": message}
