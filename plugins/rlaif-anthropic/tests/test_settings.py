import asyncio
import logging
import traceback

import pytest
from pydantic import ValidationError

from rlaif_anthropic.model import Anthropic, AnthropicParams
from rlaif_core.api import Context, PluginError, Prices
from rlaif_core.testing.loopback import Answer, Loopback

KEY = "sk-ant-very-secret"


def made(**params) -> Anthropic:
    return Anthropic(AnthropicParams(**{"model": "claude-haiku-4-5", **params}))


def set_up(model: Anthropic) -> Anthropic:
    async def life():
        await model.setup(Context())
        await model.close()

    asyncio.run(life())
    return model


def test_without_a_key_the_variable_is_named_in_one_line():
    with pytest.raises(PluginError, match="set the environment variable ANTHROPIC_API_KEY") as told:
        set_up(made())

    assert "\n" not in str(told.value)


def test_the_key_of_the_environment_goes_to_anthropic_alone(ask, message, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", KEY)
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"Authorization: Bearer {KEY}\nX-Gateway: {KEY}")
    _, server = ask(Answer(body=message("Fine.")))

    assert KEY not in str(server.requests[0].headers)


def test_the_key_of_the_recipe_goes_where_the_recipe_says(ask, message):
    _, server = ask(Answer(body=message("Fine.")), api_key=f"{KEY}\n")

    assert server.requests[0].path == "/v1/messages"
    assert {KEY, f"Bearer {KEY}"} & set(server.requests[0].headers.values())


def test_the_address_of_the_environment_counts_where_the_recipe_has_none(
    message, request_of, monkeypatch
):
    async def asked():
        model = made()
        await model.setup(Context())
        try:
            return model.identity, await model.complete([request_of()])
        finally:
            await model.close()

    with Loopback(Answer(body=message("Fine."))) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Gateway: mine")
        identity, (reply,) = asyncio.run(asked())

    assert reply.text == "Fine."
    assert identity == f"anthropic/claude-haiku-4-5@{server.url.removeprefix('http://')}"
    assert {KEY, f"Bearer {KEY}"} & set(server.requests[0].headers.values())
    assert server.requests[0].headers["x-gateway"] == "mine"


def test_a_proxy_whose_address_is_none_is_told_without_its_password(ask, message, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:hid#den@127.0.0.1:3128")

    with pytest.raises(PluginError, match="the proxy's address is none") as told:
        ask(Answer(body=message("Fine.")))
    assert "hid" not in str(told.value)


def test_certificates_that_are_not_there_are_told_at_once(ask, message, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "nowhere.pem")

    with pytest.raises(PluginError, match="check that SSL_CERT_FILE and SSL_CERT_DIR, if set"):
        ask(Answer(body=message("Fine.")))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, {"type": "error", "error": {"message": f"invalid x-api-key: {KEY}"}}),
        Answer(400, {"type": "error", "error": {"message": f"no: {KEY}"}}),
        Answer(500, f"debug: {KEY}".encode()),
        Answer(200, f"<p>{KEY}</p>".encode()),
        Answer(200, b"{}", fault="reset"),
    ],
)
def test_the_key_is_in_no_message_log_or_traceback(ask, caplog, answer):
    with caplog.at_level(logging.DEBUG):
        (error,), _ = ask(answer, api_key=KEY)

    shown = "".join(traceback.format_exception(error))
    assert KEY not in shown + repr(error) + caplog.text


def test_the_key_is_in_no_representation():
    model = made(api_key=KEY)

    shown = f"{model!r} {model.params!r} {model.params.model_dump_json()} {vars(model)!r}"
    assert KEY not in shown + model.identity


def test_what_changes_answers_changes_the_identity():
    plain, same = made(), made(concurrency=3, timeout=9.0, api_key=KEY)
    others = [
        made(model="claude-opus-5-5"),
        made(base_url="http://localhost:8000"),
        made(effort="low"),
        made(thinking="disabled"),
        made(omit=["top_p"]),
        made(structured_output="tool"),
    ]

    assert plain.identity == same.identity == "anthropic/claude-haiku-4-5"
    assert len({plain.identity, *(other.identity for other in others)}) == 7


@pytest.mark.parametrize(
    ("params", "capabilities"),
    [
        ({}, {"prefix", "schema"}),
        ({"model": "claude-haiku-4-5-20251001"}, {"prefix", "schema"}),
        ({"model": "claude-sonnet-4-6"}, {"schema"}),
        ({"model": "claude-sonnet-5-5", "structured_output": "off"}, set()),
        ({"model": "mine", "prefill": True}, {"prefix", "schema"}),
    ],
)
def test_what_it_can_do_depends_on_the_model(params, capabilities):
    assert made(**params).capabilities == capabilities


@pytest.mark.parametrize(
    ("params", "prices"),
    [
        ({}, Prices(1.0, 5.0)),
        ({"model": "claude-opus-4-5-20251101"}, Prices(5.0, 25.0)),
        ({"model": "claude-one-of-next-year"}, Prices()),
        ({"prices": {"prompt": 1.0, "completion": 3.0}}, Prices(1.0, 3.0)),
        ({"base_url": "https://gateway.example"}, Prices()),
    ],
)
def test_prices_come_from_the_recipe_or_from_the_table(params, prices):
    assert made(**params).prices == prices


def test_an_unknown_price_is_told():
    told = made(model="claude-99", api_key=KEY).unpriced()
    assert told.startswith("no price is known of model 'claude-99': set its `prices:")


@pytest.mark.parametrize("params", [{"api_key": KEY}, {"base_url": "http://localhost:8000"}])
def test_a_known_price_and_a_server_of_ones_own_are_not(params):
    assert made(**params).unpriced() is None


def test_it_streams_as_many_calls_as_the_recipe_says():
    assert made().batch_size == 1
    assert made().concurrency == 64
    assert made(concurrency=8).concurrency == 8


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": ""},
        {"concurrency": 0},
        {"timeout": 0},
        {"omit": ["seed"]},
        {"structured_output": "json"},
        {"effort": "huge"},
        {"prices": {"prompt": 1.0}},
        {"temprature": 1.0},
    ],
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        AnthropicParams(**{"model": "m", **wrong})
