"""A key stands in no file and in no message, whatever goes wrong and whoever repeats it."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from rlaif_core.cli import main
from rlaif_core.testing.loopback import Answer, Loopback, Received
from tests.end_to_end.test_faults_kill import SERVICE_RECIPE, completion

KEY = "sk-proj-8f1Kq2ZxV7mN4tR9wB3yHdL6cJ0gSaPe"
PASSWORD = "pw-Tz5uW8rQ2nX4"
RECIPE = SERVICE_RECIPE + "calls: {{attempts: 2}}\n"
PAIRS = 30
GOOD = Answer(body=completion('{"preference": "A", "confidence": 0.9}'))
MODELS = {"openai": "/v1", "anthropic": ""}

Script = Answer | Callable[[Received], Answer]


def echo(status: int) -> Callable[[Received], Answer]:
    """A server that repeats all that it was sent, key and all, as some gateways do."""

    def answer(request: Received) -> Answer:
        said = json.dumps(dict(request.headers)) + request.body.decode()
        return Answer(status, {"error": {"message": said, "type": said, "code": said}})

    return answer


def broken(request: Received) -> Answer:
    return Answer(body=json.dumps(dict(request.headers)).encode()[:-1])


def raw(request: Received) -> Answer:
    """The key as it came, in no JSON."""
    return Answer(500, (request.headers.get("authorization", "") + KEY).encode())


def quoted(request: Received) -> Answer:
    """An answer like any other, whose text has the key in it: answers are kept."""
    said = json.dumps(dict(request.headers))
    verdict = {"explanation": said, "preference": "A", "confidence": 0.9}
    return Answer(body=completion(json.dumps(verdict)))


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Label:
    """`rlaif --debug judge` in this process, with a cache, and with all that any library logs."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def judge(self, script: Script, model: str = "openai", user: str = "", query: str = "") -> Done:
        with Loopback(script) as server:
            url = server.url.replace("://", f"://{user}") + MODELS[model] + query
            return self(RECIPE.format(model=model, url=url), {"JUDGE_KEY": KEY})

    def __call__(self, recipe: str, environ: Mapping[str, str]) -> Done:
        for name, value in {**environ}.items():
            self.patch.setenv(name, value)
        logged = io.StringIO()
        with everything_logged_to(logged):
            code = main(arguments(self.folder, recipe))
        out, err = self.capture.readouterr()
        return Done(code, out, err + logged.getvalue())


@pytest.fixture
def label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Label:
    return Label(tmp_path, monkeypatch, capfd)


@contextmanager
def everything_logged_to(stream: TextIO) -> Iterator[None]:
    handler = logging.StreamHandler(stream)
    loggers = [logging.getLogger(name) for name in ("", "openai", "anthropic", "httpx", "aiohttp")]
    levels = [logger.level for logger in loggers]
    logging.getLogger().addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def arguments(folder: Path, recipe: str) -> list[str]:
    (folder / "judge.yaml").write_text(recipe)
    rows = [
        {"prompt": f"question {i}", "response_a": "yes", "response_b": "no"} for i in range(PAIRS)
    ]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = ["--pairs", str(folder / "pairs.jsonl"), "--run-dir", str(folder / "run")]
    cache = ["--cache-dir", str(folder / "run" / "cache")]
    return ["--debug", "judge", str(folder / "judge.yaml"), *given, *cache]


def label_in_a_process(folder: Path, recipe: str, environ: Mapping[str, str]) -> Done:
    """The real command, with the SDKs' own logs."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-m", "rlaif_core.cli", *arguments(folder, recipe)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug", **environ},
    )
    return Done(done.returncode, done.stdout, done.stderr)


def leaks(folder: Path, done: Done, secret: str = KEY) -> list[str]:
    """Every place where a secret stands, in the shapes that HTTP gives it."""
    shapes = {secret, base64.b64encode(f":{secret}".encode()).decode()}
    shapes |= {base64.b64encode(f"user:{secret}".encode()).decode(), secret[:20], secret[-12:]}
    found = {"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}
    files = [path for path in (folder / "run").rglob("*") if path.is_file()]
    found |= {str(path): path.read_bytes() for path in files}
    return [name for name, text in found.items() if any(s.encode() in text for s in shapes)]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("name", "script", "code"),
    [
        ("good", GOOD, 0),
        ("expired", Answer(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}), 2),
        ("echo 400", echo(400), 2),
        ("echo 403", echo(403), 2),
        ("echo 500", echo(500), 2),
        ("broken", broken, 2),
        ("raw", raw, 2),
        ("quoted", quoted, 0),
        ("reset", Answer(fault="reset"), 2),
    ],
)
def test_the_key_stands_nowhere(
    name: str, script: Script, code: int, model: str, label: Label
) -> None:
    done = label.judge(script, model=model)
    if model == "openai" or code:  # the other service's answers have another shape
        assert done.returncode == code, done.stderr
    assert (label.folder / "run" / "ledger.sqlite").exists()
    assert not leaks(label.folder, done)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("user", "query"), [(f"user:{PASSWORD}@", ""), ("", f"?key={PASSWORD}")])
def test_an_address_with_a_password_is_refused_before_it_is_copied(
    user: str, query: str, model: str, label: Label
) -> None:
    done = label.judge(GOOD, model=model, user=user, query=query)
    assert done.returncode == 2
    assert "a key belongs in `api_key: ${env:NAME}`" in done.stderr
    assert not leaks(label.folder, done, PASSWORD)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("place", [f"user:{PASSWORD}@127.0.0.1:9", f"127.0.0.1:9/?key={PASSWORD}"])
def test_an_address_of_the_environment_with_a_password_is_refused(
    place: str, model: str, label: Label
) -> None:
    """The recipe names no address, and libraries write theirs to their logs."""
    environ = {f"{model.upper()}_BASE_URL": f"http://{place}", f"{model.upper()}_API_KEY": KEY}
    recipe = f"api: 1\njudge: {{use: pairwise, model: {{use: {model}, params: {{model: m}}}}}}\n"
    done = label(recipe, environ)
    assert done.returncode == 2
    assert f"{model.upper()}_BASE_URL should end with its path and name no user" in done.stderr
    assert not leaks(label.folder, done, PASSWORD)
    assert not leaks(label.folder, done)


@pytest.mark.parametrize("model", MODELS)
def test_a_key_of_the_environment_stands_nowhere(model: str, tmp_path: Path) -> None:
    """The recipe names neither key nor address, and the service repeats all that it is sent."""
    with Loopback(echo(500)) as server:
        url = server.url + MODELS[model]
        environ = {f"{model.upper()}_BASE_URL": url, f"{model.upper()}_API_KEY": KEY}
        recipe = f"api: 1\njudge: {{use: pairwise, model: {{use: {model}, params: {{model: m}}}}}}"
        done = label_in_a_process(tmp_path, recipe + "\ncalls: {attempts: 1}\n", environ)
    assert done.returncode == 2
    assert "judge calls failed" in done.stderr
    assert "Traceback" in done.stderr  # by --debug
    assert server.requests
    assert not leaks(tmp_path, done)


@pytest.mark.parametrize("key", [KEY + "\nX-Injected: 1", KEY + "é"])
def test_a_key_that_no_header_can_hold_is_not_repeated(
    key: str, label: Label, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.KEY", key)
    done = label.judge(GOOD)
    assert done.returncode == 2
    assert not leaks(label.folder, done, KEY[:40])
