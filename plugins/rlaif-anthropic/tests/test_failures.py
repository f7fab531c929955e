import asyncio
from dataclasses import replace

import pytest

from rlaif_anthropic.model import Anthropic, AnthropicParams
from rlaif_core.api import ChatReply, Context, ModelError, Usage
from rlaif_core.testing.loopback import Answer, Loopback

KEY = "sk-ant-very-secret"


@pytest.fixture
def fails(ask_one):
    """Asks once, and expects an error of one line."""

    def make(script, *requests, **params) -> ModelError:
        error, _ = ask_one(script, *requests, **params)
        assert isinstance(error, ModelError)
        assert "\n" not in str(error)
        return error

    return make


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        (
            {
                "date": "Wed, 21 Oct 2026 07:28:00 GMT",
                "retry-after": "Wed, 21 Oct 2026 07:28:09 GMT",
            },
            9.0,
        ),
        ({}, None),
    ],
)
def test_too_many_requests_pass_and_say_when(fails, failed, headers, seconds):
    error = fails(failed(429, "rate limit", "rate_limit_error", headers=headers))

    assert (error.transient, error.overloaded, error.retry_after) == (True, True, seconds)
    assert "429: rate limit" in str(error)


def test_an_overloaded_service_passes_and_asks_for_fewer_calls(fails, failed):
    error = fails(failed(529, "Overloaded", "overloaded_error"))

    assert (error.transient, error.overloaded) == (True, True)
    assert "529: Overloaded" in str(error)


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
def test_what_a_busy_service_says_passes(fails, failed, status):
    error = fails(failed(status, "Internal server error", "api_error"))

    assert error.transient
    assert f"{status}: Internal server error" in str(error)


def test_nothing_is_asked_twice(ask, failed):
    _, server = ask(failed(500))

    assert len(server.requests) == 1


def test_a_page_of_a_gateway_is_cut_to_one_line(fails):
    page = b"<html>\n<h1>502 Bad Gateway</h1>\n" + b"x" * 5000
    error = fails(Answer(502, page, {"content-type": "text/html"}))

    assert error.transient
    assert "<h1>502 Bad Gateway</h1>" in str(error)
    assert len(str(error)) < 400


def test_a_late_answer_is_given_up(fails, message):
    error = fails(Answer(body=message("Fine."), delay=30), timeout=0.3)

    assert error.transient
    assert "gave no answer within 0.3 s" in str(error)


def test_a_body_that_stops_half_way_is_late(fails, message):
    error = fails(Answer(body=message("Fine."), fault="stalled"), timeout=0.3)

    assert error.transient
    assert "gave no answer within 0.3 s" in str(error)


def test_a_stream_that_breaks_half_way_passes(fails):
    chunked = {"transfer-encoding": "chunked"}

    assert fails(Answer(200, b'4\r\n{"co\r\n', chunked, fault="truncated")).transient


def test_a_connection_that_was_kept_and_is_reset_passes(message, request_of):
    async def twice(url):
        model = Anthropic(AnthropicParams(model="m", base_url=url))
        await model.setup(Context())
        try:
            return [(await model.complete([request_of()]))[0] for _ in range(3)]
        finally:
            await model.close()

    kept = Answer(body=message("Fine."))
    with Loopback([kept, replace(kept, fault="reset"), kept]) as server:
        first, broken, again = asyncio.run(twice(server.url))

    assert (first.text, again.text) == ("Fine.", "Fine.")
    assert isinstance(broken, ModelError)
    assert broken.transient


def test_a_server_that_is_not_there_passes(fails):
    error = fails(Answer(), base_url="http://127.0.0.1:9")

    assert error.transient
    assert "the connection to 127.0.0.1:9 failed" in str(error)


@pytest.mark.parametrize("fault", ["reset", "truncated"])
def test_a_broken_connection_passes(fails, message, fault):
    error = fails(Answer(body=message("Fine."), fault=fault))

    assert error.transient
    assert "the connection to 127.0.0.1" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"content": [{"type": "text", "text": "Fi',
        b"upstream timed out",
        b"[]",
        b'{"content": "none"}',
        b"{}",
        b'{"content": [{"text": "Fine."}]}',
        b'{"content": [{"type": "text", "text": 7}]}',
        b"\xff\xfe{}",
        b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error"}}\n\n',
    ],
)
def test_a_body_that_is_no_message_passes(fails, body):
    assert fails(Answer(body=body)).transient


def test_an_error_with_status_200_is_an_error(fails, failed):
    error = fails(failed(200, "Provider is down"))

    assert error.transient
    assert "sent an error: Provider is down" in str(error)


def test_a_wrong_model_name_says_what_to_check(fails, failed):
    error = fails(failed(404, "model: claude-9", "not_found_error"), model="claude-9")

    assert not error.transient
    assert "check `model: claude-9` and `base_url`" in str(error)


def test_an_expired_key_names_where_it_came_from_and_not_the_key(fails, failed):
    error = fails(failed(401, f"invalid x-api-key {KEY}", "authentication_error"), api_key=KEY)

    assert not error.transient
    assert "refuses the key of the recipe's `api_key`" in str(error)
    assert KEY not in str(error)


def test_a_server_that_wants_a_key_says_how_to_give_one(fails, failed):
    error = fails(failed(401, "Unauthorized", "authentication_error"))

    assert not error.transient
    assert "wants a key: write `api_key: ${env:NAME}`" in str(error)


def test_a_key_without_permission_says_so(fails, failed):
    error = fails(failed(403, "not allowed", "permission_error"))

    assert not error.transient
    assert "the key may not use model 'claude-haiku-4-5'" in str(error)


@pytest.mark.parametrize("status", [400, 402])
def test_an_account_without_credit_does_not_pass(fails, failed, status):
    error = fails(failed(status, "Your credit balance is too low", "billing_error"))

    assert not error.transient
    assert "credit balance is too low" in str(error)


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("`temperature` is deprecated for this model.", "add temperature to `omit`"),
        ("This model does not support assistant message prefill.", "set `prefill: false`"),
        ("tool_choice: forced tool use is not supported", "set `structured_output: format`"),
        ("output_config.format: not supported", "set `structured_output: tool`, or `off`"),
    ],
)
def test_a_refused_field_says_which_parameter_fixes_it(fails, failed, said, fix):
    error = fails(failed(400, said))

    assert not error.transient
    assert str(error).endswith(f"; {fix}")


def test_an_answer_that_the_filter_withholds_is_a_filtered_reply(ask_one, failed):
    reply, _ = ask_one(failed(400, "Output blocked by content filtering policy"))

    assert reply == ChatReply(finish_reason="content_filter")


def test_a_prompt_that_is_too_long_does_not_pass(fails, failed):
    error = fails(failed(400, "prompt is too long: 212000 tokens > 200000 maximum"))

    assert not error.transient
    assert "prompt is too long" in str(error)


def test_a_refusal_keeps_its_words_and_its_cost(ask_one, message):
    reply, _ = ask_one(Answer(body=message("I can't", stop_reason="refusal")))

    assert reply == ChatReply("I can't", "refusal", usage=Usage(12, 3))


@pytest.mark.parametrize("texts", [(), ("",)])
def test_an_empty_answer_is_an_empty_reply(ask_one, message, texts):
    reply, _ = ask_one(Answer(body=message(*texts)))

    assert reply == ChatReply("", "stop", usage=Usage(12, 3))


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
def test_an_answer_that_was_cut_off_says_so(ask_one, message, reason):
    reply, _ = ask_one(Answer(body=message("So", stop_reason=reason)))

    assert reply.finish_reason == "length"


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": None, "output_tokens": None}])
def test_a_server_that_counts_no_tokens_is_free(ask_one, message, usage):
    reply, _ = ask_one(Answer(body=message("Fine.", usage=usage)))

    assert reply == ChatReply("Fine.", "stop", usage=Usage())
