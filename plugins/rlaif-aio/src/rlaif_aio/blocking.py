"""Blocking twins of coroutines, which also work where an event loop runs already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from typing_extensions import ParamSpec

P = ParamSpec("P")
T = TypeVar("T")


def blocking(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """`function` as one that returns when it is done, from a script or from a notebook.

    It runs in a thread of its own with an event loop of its own. Ctrl-C cancels it, waits until it
    has closed what it opened, and raises KeyboardInterrupt.
    """

    @wraps(function)
    def run(*args: P.args, **named: P.kwargs) -> T:
        begun: list[asyncio.Task[Any]] = []

        async def main() -> T:
            begun.extend(filter(None, [asyncio.current_task()]))
            return await function(*args, **named)

        with ThreadPoolExecutor(1, thread_name_prefix="rlaif") as pool:
            done = pool.submit(lambda: asyncio.run(main()))
            try:
                return done.result()
            except KeyboardInterrupt:
                for task in begun:
                    with suppress(RuntimeError):  # its loop has ended in the meantime
                        task.get_loop().call_soon_threadsafe(task.cancel)
                raise

    run.__name__ = f"{function.__name__}_sync"
    run.__doc__ = f"`{function.__name__}`, blocking.\n\n{function.__doc__}"
    return run
