import asyncio
import base64
import gzip
import json
import shlex
import shutil
import ssl
import subprocess
from dataclasses import replace

import pytest

from rlaif_core.api import Context, ModelError, PluginError
from rlaif_core.testing.loopback import Answer, Loopback
from rlaif_openai.model import OpenAI, OpenAIParams


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


@pytest.mark.parametrize("written", ["127.0.0.1:{port}", "http://me:pa%40ss@127.0.0.1:{port}"])
def test_a_proxy_may_be_written_short_or_with_a_password(ask_one, completion, monkeypatch, written):
    with Loopback(Answer(body=completion("By proxy."))) as proxy:
        port = proxy.url.rpartition(":")[2]
        monkeypatch.setenv("all_proxy", written.format(port=port))
        reply, _ = ask_one(Answer(body=completion("Directly.")))
        (asked,) = proxy.requests

    assert reply.text == "By proxy."
    given = base64.b64encode(b"me:pa@ss").decode() if "me:" in written else None
    assert asked.headers.get("proxy-authorization") == (given and f"Basic {given}")


def test_the_password_of_a_proxy_that_refuses_it_is_not_told(ask_one, monkeypatch):
    with Loopback(Answer(407)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("://", "://me:hidden@"))
        error, _ = ask_one(Answer(), base_url="https://service.test/v1")

    assert "407" in str(error)
    assert "hidden" not in str(error)


def test_a_proxy_whose_address_is_none_is_told_at_once(ask_one, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:hid#den@127.0.0.1:3128")

    with pytest.raises(PluginError, match="the proxy's address is none") as raised:
        ask_one(Answer())
    assert "hid" not in str(raised.value)


@pytest.mark.parametrize("proxy", ["socks5://me:hidden@127.0.0.1:9", "http://:3128"])
def test_a_proxy_that_cannot_be_asked_is_one_line_without_its_password(ask_one, monkeypatch, proxy):
    monkeypatch.setenv("http_proxy", proxy)
    error, _ = ask_one(Answer())
    assert "the connection to 127.0.0.1" in str(error)
    assert "hidden" not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("excepted", "how"),
    [
        ("x/y, 10.0.0.0/8,127.0.0.0/8", "Directly."),
        ("10.0.0.0/8", "By proxy."),
        ("*", "Directly."),
    ],
)
def test_networks_may_need_no_proxy(ask_one, completion, monkeypatch, excepted, how):
    with Loopback(Answer(body=completion("By proxy."))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", excepted)
        reply, _ = ask_one(Answer(body=completion("Directly.")))

    assert reply.text == how


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and it is not installed")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        shlex.split(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 "
            "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
        ),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


def test_an_authority_of_ones_own_is_named_in_the_environment(
    ask_one, completion, monkeypatch, authority
):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    with Loopback(Answer(body=completion()), tls=tls) as server:
        unknown, _ = ask_one(Answer(), base_url=f"{server.url}/v1")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority / "cert.pem"))
        known, _ = ask_one(Answer(), base_url=f"{server.url}/v1")

    assert known.text == "Fine."
    assert not unknown.transient
    assert str(unknown).endswith("in SSL_CERT_FILE")


def test_certificates_that_are_not_there_are_told_at_once(ask_one, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "nowhere.pem")

    with pytest.raises(PluginError, match="check that SSL_CERT_FILE and SSL_CERT_DIR, if set"):
        ask_one(Answer())


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


def test_a_body_that_stops_half_way_is_late(ask_one, completion):
    error, _ = ask_one(Answer(body=completion(), fault="stalled"), timeout=0.2)

    assert isinstance(error, ModelError)
    assert error.transient
    assert "gave no answer within 0.2 s" in str(error)


def test_a_stream_that_breaks_half_way_passes(ask_one):
    chunks = Answer(body=b'4\r\n{"ch\r\n', headers={"transfer-encoding": "chunked"})
    error, _ = ask_one(replace(chunks, fault="truncated"))

    assert isinstance(error, ModelError)
    assert error.transient


def test_a_connection_that_was_kept_and_is_reset_passes(completion, request_of):
    async def twice(url):
        model = OpenAI(OpenAIParams(model="m", base_url=f"{url}/v1"))
        await model.setup(Context())
        try:
            return [(await model.complete([request_of()]))[0] for _ in range(3)]
        finally:
            await model.close()

    kept = Answer(body=completion())
    with Loopback([kept, replace(kept, fault="reset"), kept]) as server:
        first, broken, again = asyncio.run(twice(server.url))

    assert (first.text, again.text) == ("Fine.", "Fine.")
    assert isinstance(broken, ModelError)
    assert broken.transient
