import pytest

from rlaif_core.api import ChatReply, ModelError, Usage
from rlaif_core.testing.loopback import Answer

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


def test_too_many_requests_pass_and_say_when(fails, failed):
    limited = failed(429, "rate limit", "rate_limit_error", headers={"retry-after": "7"})
    error = fails(limited)

    assert (error.transient, error.overloaded, error.retry_after) == (True, True, 7.0)
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
        b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}',
        b"\xff\xfe{}",
    ],
)
def test_a_body_that_is_no_message_passes(fails, body):
    assert fails(Answer(body=body)).transient


def test_a_wrong_model_name_says_what_to_check(fails, failed):
    error = fails(failed(404, "model: claude-9", "not_found_error"), model="claude-9")

    assert not error.transient
    assert "check `model: claude-9` and `base_url`" in str(error)


def test_an_expired_key_names_where_it_came_from_and_not_the_key(fails, failed):
    error = fails(failed(401, f"invalid x-api-key {KEY}", "authentication_error"), api_key=KEY)

    assert not error.transient
    assert "refuses the key of the recipe's `api_key`" in str(error)
    assert KEY not in str(error)


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
    ("said", "mend"),
    [
        ("`temperature` is deprecated for this model.", "add temperature to `omit`"),
        ("This model does not support assistant message prefill.", "set `prefill: false`"),
        ("tool_choice: forced tool use is not supported", "set `structured_output: format`"),
        ("output_config.format: not supported", "set `structured_output: tool`, or `off`"),
    ],
)
def test_a_refused_field_says_which_parameter_mends_it(fails, failed, said, mend):
    error = fails(failed(400, said))

    assert not error.transient
    assert str(error).endswith(f"; {mend}")


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
