"""A key stands in no file and in no message, whatever goes wrong and whoever repeats it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

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


def judge(
    folder: Path, script: Script, model: str = "openai", user: str = "", query: str = ""
) -> subprocess.CompletedProcess[str]:
    with Loopback(script) as server:
        url = server.url.replace("://", f"://{user}") + MODELS[model] + query
        return label(folder, RECIPE.format(model=model, url=url), {"JUDGE_KEY": KEY})


def label(
    folder: Path, recipe: str, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """`rlaif --debug judge` with a cache, and with all that the SDKs log."""
    (folder / "judge.yaml").write_text(recipe)
    rows = [
        {"prompt": f"question {i}", "response_a": "yes", "response_b": "no"} for i in range(PAIRS)
    ]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-X", "dev", "-m", "rlaif_core.cli", "--debug", "judge"]
    given = ["--pairs", str(folder / "pairs.jsonl"), "--run-dir", str(folder / "run")]
    return subprocess.run(
        [*command, str(folder / "judge.yaml"), *given, "--cache-dir", str(folder / "run/cache")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug", **environ},
    )


def leaks(folder: Path, done: subprocess.CompletedProcess[str], secret: str = KEY) -> list[str]:
    """Every place where a secret stands, in the shapes that HTTP gives it."""
    shapes = {secret, base64.b64encode(f":{secret}".encode()).decode()}
    shapes |= {base64.b64encode(f"user:{secret}".encode()).decode(), secret[:20], secret[-12:]}
    found = {"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}
    found |= {str(one): one.read_bytes() for one in (folder / "run").rglob("*") if one.is_file()}
    return [name for name, text in found.items() if any(one.encode() in text for one in shapes)]


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
    name: str, script: Script, code: int, model: str, tmp_path: Path
) -> None:
    done = judge(tmp_path, script, model=model)
    if model == "openai" or code:  # the other service's answers have another shape
        assert done.returncode == code, done.stderr
    assert (tmp_path / "run" / "ledger.sqlite").exists()
    assert not leaks(tmp_path, done)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("user", "query"), [(f"user:{PASSWORD}@", ""), ("", f"?key={PASSWORD}")])
def test_an_address_with_a_password_is_refused_before_it_is_copied(
    user: str, query: str, model: str, tmp_path: Path
) -> None:
    done = judge(tmp_path, GOOD, model=model, user=user, query=query)
    assert done.returncode == 2
    assert "a key belongs in `api_key: ${env:NAME}`" in done.stderr
    assert not leaks(tmp_path, done, PASSWORD)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("place", [f"user:{PASSWORD}@127.0.0.1:9", f"127.0.0.1:9/?key={PASSWORD}"])
def test_an_address_of_the_environment_with_a_password_is_refused(
    place: str, model: str, tmp_path: Path
) -> None:
    """The recipe names no address, and libraries write theirs to their logs."""
    environ = {f"{model.upper()}_BASE_URL": f"http://{place}", f"{model.upper()}_API_KEY": KEY}
    recipe = f"api: 1\njudge: {{use: pairwise, model: {{use: {model}, params: {{model: m}}}}}}\n"
    done = label(tmp_path, recipe, environ)
    assert done.returncode == 2
    assert f"{model.upper()}_BASE_URL should end with its path and name no user" in done.stderr
    assert not leaks(tmp_path, done, PASSWORD)
    assert not leaks(tmp_path, done)


@pytest.mark.parametrize("model", MODELS)
def test_a_key_of_the_environment_stands_nowhere(model: str, tmp_path: Path) -> None:
    """The recipe names neither key nor address, and the service repeats all that it is sent."""
    with Loopback(echo(500)) as server:
        url = server.url + MODELS[model]
        environ = {f"{model.upper()}_BASE_URL": url, f"{model.upper()}_API_KEY": KEY}
        recipe = f"api: 1\njudge: {{use: pairwise, model: {{use: {model}, params: {{model: m}}}}}}"
        done = label(tmp_path, recipe + "\ncalls: {attempts: 1}\n", environ)
    assert done.returncode == 2
    assert "judge calls failed" in done.stderr
    assert "Traceback" in done.stderr  # by --debug
    assert server.requests
    assert not leaks(tmp_path, done)


@pytest.mark.parametrize("key", [KEY + "\nX-Injected: 1", KEY + "é"])
def test_a_key_that_no_header_can_hold_is_not_repeated(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.KEY", key)
    done = judge(tmp_path, GOOD)
    assert done.returncode == 2
    assert not leaks(tmp_path, done, KEY[:40])
