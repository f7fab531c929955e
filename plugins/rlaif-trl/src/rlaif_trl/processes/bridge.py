"""Remote calls of a job's scorers, progress and cancelling from the processes that train.

One connection per process, over loopback, opened with a secret. Messages are JSON, never pickled
objects: `["scorer", prompt ids, texts]` and `["watch", ...]` are answered by rewards,
`["cancelled"]` by true if the user asked to stop; `["step", done, total, metrics]` is a
notification. An answer is `{"answer": ...}`, or `{"error": ...}` with the message of the exception.
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
    """Serve a job inside the context, one request at a time.

    Args:
        job: Has the scorers, progress and cancelling.
        secret: Authenticates callers.

    Yields:
        The port.
    """
    turn = threading.Lock()
    with Listener(("127.0.0.1", 0), authkey=secret) as listener:
        threading.Thread(target=_accept, args=(listener, job, turn), daemon=True).start()
        address: Any = listener.address
        yield int(address[1])


def connected(job: TrainingJob, port: int, secret: bytes) -> TrainingJob:
    """A job whose scorers, progress and cancelling are those of the serving process.

    Args:
        job: The job as read from its file.
        port: The port of `serving`.
        secret: The secret of `serving`.
    """
    client = _Client(Client(("127.0.0.1", port), authkey=secret))
    offers = client.ask("offers")
    return replace(
        job,
        scorer=client.scorer("scorer") if "scorer" in offers else None,
        watch=client.scorer("watch") if "watch" in offers else None,
        progress=client.progress,
        cancelled=lambda: bool(client.ask("cancelled")),
    )


class _Client:
    """The client end."""

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
            rewards: list[float | None] = self.ask(
                name, [prompt.id for prompt in prompts], list(texts)
            )
            return rewards

        return score

    def progress(self, done: int, total: int, metrics: Metrics) -> None:
        self.ask("step", done, total, dict(metrics))


def _accept(listener: Listener, job: TrainingJob, turn: threading.Lock) -> None:
    prompts = {prompt.id: prompt for prompt in (*job.prompts, *job.heldout_prompts)}
    while True:
        try:
            args = (listener.accept(), job, prompts, turn)
        except (AuthenticationError, EOFError, ConnectionError):
            continue  # a caller without the secret
        except OSError:
            return  # closed
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
    job: TrainingJob, prompts: Mapping[str, Prompt], method: str, *details: Any
) -> dict[str, Any]:
    scorers = {"scorer": job.scorer, "watch": job.watch}
    if method == "offers":
        return {"answer": [name for name, scorer in scorers.items() if scorer is not None]}
    if method == "cancelled":
        return {"answer": job.cancelled()}
    if method == "step":
        job.progress(*details)
        return {"answer": None}
    scorer = scorers.get(method)
    if scorer is None:
        return {"error": f"the job has no {method}"}
    ids, texts = details
    try:
        return {"answer": list(scorer([prompts[prompt_id] for prompt_id in ids], texts))}
    except RlaifError as error:
        return {"error": str(error)}
