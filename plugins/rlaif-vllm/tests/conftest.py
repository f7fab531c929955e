"""Fixtures: the lab's models in vLLM, in this process and behind a server."""

import asyncio
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain

import pytest

from rlaif_core.api import ChatRequest, Context, Message
from rlaif_lab.shipped import model_path
from rlaif_vllm.model import VLLM
from rlaif_vllm.params import VLLMParams

SMALL = {"dtype": "float32", "enforce_eager": True, "kv_cache_memory_bytes": 1 << 27}
START_TIMEOUT = 300.0
"""Seconds for a server to start: a fraction on a free machine, most of it on a busy one."""


@pytest.fixture(scope="session")
def small():
    """Parameters of a lab model that starts soon and takes little."""
    return lambda name: {"path": str(model_path(name)), **SMALL}


@pytest.fixture(scope="session")
def ask():
    """Writes a request of one user turn."""

    def make(content="What is 3 plus 4?", **rest) -> ChatRequest:
        return ChatRequest((Message("user", content),), **rest)

    return make


@pytest.fixture(scope="session")
def loop():
    """One event loop, so that clients keep their connections from test to test."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def ready(loop):
    """Sets models up, closes them in the end, and returns functions that ask them."""
    opened = []

    def make(models):
        for model in models.values():
            loop.run_until_complete(model.setup(Context()))
            opened.append(model)
        return {name: partial(_ask, loop, model) for name, model in models.items()}

    yield make
    for model in opened:
        loop.run_until_complete(model.close())


def _ask(loop, model, *requests):
    return loop.run_until_complete(_answers(model, requests))


async def _answers(model, requests):
    width = model.batch_size
    batches = [requests[at : at + width] for at in range(0, len(requests), width)]
    if model.concurrency > 1:
        answered = await asyncio.gather(*map(model.complete, batches))
    else:
        answered = [await model.complete(batch) for batch in batches]
    return list(chain.from_iterable(answered))


@pytest.fixture
def in_process(monkeypatch):
    """vLLM works in this process: it starts in a second instead of half a minute.

    Engines in one process share what the first to stop takes down, so one at a time.
    """
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")


@pytest.fixture
def ready_policy(in_process, small):
    """The lab's policy in vLLM, for as long as a `with` lasts."""

    @asynccontextmanager
    async def make(**changed):
        model = VLLM(VLLMParams(**small("policy") | changed))
        await model.setup(Context())
        try:
            yield model
        finally:
            await model.close()

    return make


@pytest.fixture(scope="session")
def offline(ready, small):
    """Asks a lab model in vLLM's offline engine, in processes of its own as a run has it."""
    return ready({name: VLLM(VLLMParams(**small(name))) for name in ("policy", "judge")})


@pytest.fixture(scope="session")
def reference(ready):
    """Asks a lab model by transformers."""
    from rlaif_transformers.model import Transformers
    from rlaif_transformers.params import TransformersParams

    return ready(
        {
            name: Transformers(TransformersParams(path=str(model_path(name)), dtype="float32"))
            for name in ("policy", "judge")
        }
    )


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Addresses of two real vLLM servers, started as a user would, by the lab model's name."""
    logs = tmp_path_factory.mktemp("servers")
    started = {name: _start(name, logs / f"{name}.log") for name in ("policy", "judge")}
    try:
        for name, (process, url) in started.items():
            _wait(process, url, logs / f"{name}.log")
        yield {name: f"{url}/v1" for name, (_, url) in started.items()}
    finally:
        for process, _ in started.values():
            process.terminate()
        for process, _ in started.values():
            process.wait(timeout=60)


def _start(name, log):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = {
        "--model": model_path(name),
        "--served-model-name": name,
        "--host": "127.0.0.1",
        "--port": port,
        "--dtype": "float32",
        "--kv-cache-memory-bytes": SMALL["kv_cache_memory_bytes"],
        "--structured-outputs-config": '{"backend": "xgrammar", "disable_any_whitespace": true}',
    }
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--enforce-eager"]
    for flag, value in flags.items():
        command += [flag, str(value)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    return process, f"http://127.0.0.1:{port}"


def _wait(process, url, log):
    began = time.monotonic()
    while time.monotonic() - began < START_TIMEOUT:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.5)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")
