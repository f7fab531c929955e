import gzip
import json

import pytest

from rlaif_core.api import ModelError
from rlaif_core.testing.loopback import Answer, Loopback


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_compressed_answer_is_read(ask_one, completion):
    body = gzip.compress(json.dumps(completion("Squeezed.")).encode())
    reply, _ = ask_one(Answer(body=body, headers={"content-encoding": "gzip"}))

    assert reply.text == "Squeezed."


def test_an_address_that_has_moved_is_followed(ask_one, completion):
    def answer(received):
        if received.path == "/v1/chat/completions":
            return Answer(308, headers={"location": "/v2/chat/completions"})
        assert received.json["model"] == "gpt-4.1"
        return Answer(body=completion("Here."))

    reply, _ = ask_one(answer)

    assert reply.text == "Here."


def test_a_key_does_not_move_with_its_address(ask, completion):
    with Loopback(Answer(body=completion())) as elsewhere:
        moved = Answer(307, headers={"location": f"{elsewhere.url}/v1/chat/completions"})
        ask(moved, api_key="sk-secret")
        (asked,) = elsewhere.requests

    assert "authorization" not in asked.headers


def test_the_proxy_of_the_environment_is_used(ask, completion, monkeypatch):
    with Loopback(Answer(body=completion("By proxy."))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        answers, server = ask(Answer(body=completion("Directly.")))
        (asked,) = proxy.requests

    assert answers[0].text == "By proxy."
    assert asked.path == f"{server.url}/v1/chat/completions"
    assert not server.requests


def test_no_proxy_is_used_where_the_environment_says_so(ask_one, completion, monkeypatch):
    with Loopback(Answer(body=completion("By proxy."))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        reply, _ = ask_one(Answer(body=completion("Directly.")))

    assert reply.text == "Directly."


def test_headers_are_sent_once_and_say_who_asks(ask, completion):
    _, server = ask(Answer(body=completion()), api_key="sk-secret")
    headers = server.requests[0].headers

    assert headers["authorization"] == "Bearer sk-secret"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("AsyncOpenAI/Python")


def test_a_body_that_trickles_past_the_deadline_is_late(ask_one, completion):
    error, _ = ask_one(Answer(body=completion(), delay=5.0), timeout=0.2)

    assert isinstance(error, ModelError)
    assert error.transient
    assert "0.2" in str(error)
