import asyncio
import logging
import traceback

import pytest
from pydantic import ValidationError

from rlaif_core.api import Context, PluginError, Prices
from rlaif_core.testing.loopback import Answer, Loopback
from rlaif_openai.model import OpenAI, OpenAIParams

KEY = "sk-proj-very-secret"
LOCAL = "http://localhost:8000/v1"


def made(**params) -> OpenAI:
    return OpenAI(OpenAIParams(**{"model": "gpt-4.1", **params}))


def set_up(model: OpenAI) -> OpenAI:
    async def life():
        await model.setup(Context())
        await model.close()

    asyncio.run(life())
    return model


def test_without_a_key_the_variable_is_named_in_one_line():
    with pytest.raises(PluginError, match="set the environment variable OPENAI_API_KEY") as told:
        set_up(made())

    assert "\n" not in str(told.value)


@pytest.mark.parametrize("empty", ["", "  \n"])
def test_an_empty_key_is_no_key(monkeypatch, empty):
    monkeypatch.setenv("OPENAI_API_KEY", empty)

    with pytest.raises(PluginError, match="OPENAI_API_KEY"):
        set_up(made())


def test_a_key_that_no_header_can_carry_is_refused_unseen(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\r\nx: y")

    with pytest.raises(PluginError, match="OPENAI_API_KEY cannot be a key") as told:
        set_up(made())
    assert KEY not in str(told.value)


def test_an_address_without_a_scheme_is_refused():
    with pytest.raises(PluginError, match="is not an address"):
        set_up(made(base_url="localhost:8000/v1"))


def test_the_key_of_the_environment_goes_to_openai_alone(ask_one, completion, ask, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    _, server = ask(Answer(body=completion()))

    assert server.requests[0].headers["authorization"] == "Bearer none"


def test_nothing_of_the_environment_goes_to_a_server_of_the_recipe(ask, completion, monkeypatch):
    for name in ("OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"Authorization: Bearer {KEY}\nX-Gateway: {KEY}")
    _, server = ask(Answer(body=completion()), api_key="sk-named")

    assert KEY not in str(server.requests[0].headers)
    assert server.requests[0].headers["authorization"] == "Bearer sk-named"


def test_the_key_of_the_recipe_goes_where_the_recipe_says(ask, completion):
    _, server = ask(Answer(body=completion()), api_key=f"{KEY}\n", organization="org", project="p")

    headers = server.requests[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert (headers["openai-organization"], headers["openai-project"]) == ("org", "p")


def test_the_address_of_the_environment_counts_where_the_recipe_has_none(
    completion, request_of, monkeypatch
):
    async def asked():
        model = made()
        await model.setup(Context())
        try:
            return model.identity, await model.complete([request_of()])
        finally:
            await model.close()

    with Loopback(Answer(body=completion())) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f" {server.url}/v1\n")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: mine")
        identity, (reply,) = asyncio.run(asked())

    assert reply.text == "Fine."
    assert identity == f"openai/gpt-4.1@{server.url.removeprefix('http://')}/v1"
    headers = server.requests[0].headers
    assert (headers["authorization"], headers["x-gateway"]) == (f"Bearer {KEY}", "mine")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
        Answer(400, {"error": {"message": f"no: {KEY}"}}),
        Answer(500, f"debug: {KEY}".encode()),
        Answer(200, f"<p>{KEY}</p>".encode()),
        Answer(200, {"error": {"message": f"no: {KEY}"}}),
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


@pytest.mark.parametrize("address", ["http://me:hidden@box:8000/v1", "http://box/v1?key=hidden"])
def test_an_address_that_holds_a_secret_is_refused(address):
    with pytest.raises(ValidationError, match="a key belongs in `api_key"):
        made(base_url=address)


def test_what_changes_answers_changes_the_identity():
    plain, same = made(), made(concurrency=3, timeout=9.0, api_key=KEY)
    others = [
        made(model="gpt-4o"),
        made(base_url=LOCAL),
        made(reasoning_effort="low"),
        made(omit=["seed"]),
        made(extra_body={"top_k": 3}),
        made(extra_body={"top_k": 4}),
    ]

    assert plain.identity == same.identity == "openai/gpt-4.1"
    assert len({plain.identity, *(other.identity for other in others)}) == 7


@pytest.mark.parametrize(
    ("params", "capabilities"),
    [
        ({}, {"options", "schema"}),
        ({"model": "gpt-4.1-2025-04-14"}, {"options", "schema"}),
        ({"model": "gpt-5.4"}, {"schema"}),
        ({"model": "gpt-5.4", "probabilities": "logprobs"}, {"options", "schema"}),
        ({"probabilities": "off", "structured_output": False}, set()),
        ({"base_url": LOCAL}, {"schema"}),
        ({"base_url": LOCAL, "server": "vllm"}, {"options", "prefix", "schema"}),
    ],
)
def test_what_it_can_do_depends_on_the_model_and_its_server(params, capabilities):
    assert made(**params).capabilities == capabilities


@pytest.mark.parametrize(
    ("params", "prices"),
    [
        ({}, Prices(2.0, 8.0)),
        ({"model": "gpt-4o-mini-2024-07-18"}, Prices(0.15, 0.6)),
        ({"model": "gpt-4o-mini-audio"}, Prices()),
        ({"prices": {"prompt": 1.0, "completion": 3.0}}, Prices(1.0, 3.0)),
        ({"base_url": "https://gateway.example/v1"}, Prices()),
    ],
)
def test_prices_come_from_the_recipe_or_from_the_table(params, prices):
    assert made(**params).prices == prices


def test_an_unknown_price_is_told():
    told = made(model="gpt-99", api_key=KEY).unpriced()
    assert told.startswith("no price is known of model 'gpt-99': set its `prices:")


@pytest.mark.parametrize(
    "params",
    [
        {"api_key": KEY},
        {"base_url": LOCAL},
        {"base_url": "http://[::1]:8000/v1"},
        {"base_url": "https://gateway.example/v1", "prices": {"prompt": 0, "completion": 0}},
    ],
)
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
        {"top_logprobs": 21},
        {"omit": ["max_tokens"]},
        {"prices": {"prompt": 1.0}},
        {"prices": {"prompt": -1.0, "completion": 0.0}},
        {"temprature": 1.0},
    ],
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        OpenAIParams(**{"model": "m", **wrong})
