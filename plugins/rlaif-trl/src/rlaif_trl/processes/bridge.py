"""What of a job only lives in the process that has it, brought to the processes that do it.

One connection a process, over loopback, opened with a secret. What goes over it is JSON, never
pickled objects: `["scorer", prompt ids, texts]` and `["watch", ...]` are answered by rewards,
`["cancelled"]` by whether the user asked to stop; `["step", done, total, metrics]` only tells. An
answer is `{"answer": ...}`, or `{"error": ...}` with the message of what was raised.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from rlaif_core.api import Metrics, Prompt, RlaifError, RunError, Scorer, TrainingJob


@contextmanager
def serving(job: TrainingJob, secret: bytes) -> Iterator[int]:
    """Answer for a job while inside, one question at a time.

    Args:
        job: Whose scorers, progress and cancelling are asked for.
        secret: What callers must know.

    Yields:
        The port.
    """
    turn = threading.Lock()
    with Listener(("127.0.0.1", 0), authkey=secret) as listener:
        threading.Thread(target=_accept, args=(listener, job, turn), daemon=True).start()
        address: Any = listener.address
        yield int(address[1])


def connected(job: TrainingJob, port: int, secret: bytes) -> TrainingJob:
    """A job that asks the process which serves it.

    Args:
        job: As read from its file.
        port: What `serving` yields.
        secret: What it was given.
    """
    line = _Line(Client(("127.0.0.1", port), authkey=secret))
    offers = line.ask("offers")
    return replace(
        job,
        scorer=line.scorer("scorer") if "scorer" in offers else None,
        watch=line.scorer("watch") if "watch" in offers else None,
        progress=line.progress,
        cancelled=lambda: bool(line.ask("cancelled")),
    )


class _Line:
    """The asking end."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection

    def ask(self, *question: Any) -> Any:
        self._connection.send_bytes(json.dumps(question).encode())
        reply = json.loads(self._connection.recv_bytes())
        if "error" in reply:
            raise RunError(reply["error"])
        return reply["answer"]

    def scorer(self, name: str) -> Scorer:
        def score(prompts: Sequence[Prompt], texts: Sequence[str]) -> Sequence[float | None]:
            rewards: list[float | None] = self.ask(name, [one.id for one in prompts], list(texts))
            return rewards

        return score

    def progress(self, done: int, total: int, metrics: Metrics) -> None:
        self.ask("step", done, total, dict(metrics))


def _accept(listener: Listener, job: TrainingJob, turn: threading.Lock) -> None:
    prompts = {one.id: one for one in (*job.prompts, *job.heldout_prompts)}
    while True:
        try:
            args = (listener.accept(), job, prompts, turn)
        except (AuthenticationError, EOFError, ConnectionError):
            continue  # a stranger, who does not know the secret
        except OSError:
            return  # closed: nobody is left to ask
        threading.Thread(target=_answer, args=args, daemon=True).start()


def _answer(
    asking: Connection[Any, Any],
    job: TrainingJob,
    prompts: Mapping[str, Prompt],
    turn: threading.Lock,
) -> None:
    with suppress(OSError, EOFError), asking:
        while True:
            question = json.loads(asking.recv_bytes())
            with turn:
                reply = _reply(job, prompts, *question)
            asking.send_bytes(json.dumps(reply).encode())


def _reply(
    job: TrainingJob, prompts: Mapping[str, Prompt], what: str, *details: Any
) -> dict[str, Any]:
    scorers = {"scorer": job.scorer, "watch": job.watch}
    if what == "offers":
        return {"answer": [name for name, scorer in scorers.items() if scorer is not None]}
    if what == "cancelled":
        return {"answer": job.cancelled()}
    if what == "step":
        job.progress(*details)
        return {"answer": None}
    scorer = scorers.get(what)
    if scorer is None:
        return {"error": f"the job has no {what}"}
    ids, texts = details
    try:
        return {"answer": list(scorer([prompts[one] for one in ids], texts))}
    except RlaifError as error:
        return {"error": str(error)}
