"""Remote calls of a job between processes; here both ends are in one."""

import socket
from multiprocessing import AuthenticationError

import pytest

from rlaif_core.api import Message, Prompt, RunError
from rlaif_trl.processes.bridge import connected, serving

PROMPTS = [Prompt(f"p{i}", (Message("user", f"say {i}"),)) for i in range(3)]
SECRET = b"between us"


@pytest.fixture
def asking(job):
    """Makes the job that another process sees of one, while it is served."""
    lines = []

    def make(**changes):
        served = job(prompts=PROMPTS, **changes)
        line = serving(served, SECRET)
        lines.append(line)
        return connected(job(), line.__enter__(), SECRET)

    yield make
    for line in lines:
        line.__exit__(None, None, None)


def test_steps_are_told(asking):
    reported = []
    asking(progress=lambda *step: reported.append(step)).progress(4, 9, {"loss": 0.5})
    assert reported == [(4, 9, {"loss": 0.5})]


def test_rewards_are_those_of_the_prompts_that_were_named(asking):
    job = asking(scorer=lambda prompts, texts: [float(prompt.id[1:]) or None for prompt in prompts])
    assert job.scorer(PROMPTS, ["x", "y", "z"]) == [None, 1.0, 2.0]
    assert job.watch is None


def test_the_wish_to_stop_is_asked_for(asking):
    assert asking(cancelled=lambda: True).cancelled()


def test_what_the_scorer_raises_is_raised_here(asking):
    def scorer(prompts, texts):
        raise RunError("the budget is spent")

    with pytest.raises(RunError, match="the budget is spent"):
        asking(scorer=scorer).scorer(PROMPTS, ["x"] * 3)


def test_who_does_not_know_the_secret_gets_no_answer_and_stops_nobody(job):
    with serving(job(cancelled=lambda: True), SECRET) as port:
        with pytest.raises((AuthenticationError, EOFError, OSError)):
            connected(job(), port, b"guessed")
        socket.create_connection(("127.0.0.1", port)).close()
        assert connected(job(), port, SECRET).cancelled()
