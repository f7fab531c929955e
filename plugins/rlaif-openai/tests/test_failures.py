import pytest

from rlaif_core.api import ChatReply, ModelError, Usage
from rlaif_core.testing.loopback import Answer

KEY = "sk-proj-very-secret"


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
        ({"retry-after-ms": "250"}, 0.25),
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
    error = fails(failed(429, "Rate limit reached", "rate_limit_exceeded", headers=headers))

    assert error.transient
    assert error.retry_after == seconds
    assert "429: Rate limit reached" in str(error)


def test_an_account_without_credit_does_not_pass(fails, failed):
    error = fails(failed(429, "You exceeded your current quota", "insufficient_quota"))

    assert not error.transient
    assert "pay for more credit" in str(error)


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
def test_what_a_busy_service_says_passes(fails, failed, status):
    error = fails(failed(status, "The server had an error"))

    assert error.transient
    assert f"{status}: The server had an error" in str(error)


def test_nothing_is_asked_twice(ask, failed):
    _, server = ask(failed(500))

    assert len(server.requests) == 1


def test_a_page_of_a_gateway_is_cut_to_one_line(fails):
    page = b"<html>\n<h1>502 Bad Gateway</h1>\n" + b"x" * 5000
    error = fails(Answer(502, page, {"content-type": "text/html"}))

    assert error.transient
    assert "<h1>502 Bad Gateway</h1>" in str(error)
    assert len(str(error)) < 400


def test_a_late_answer_is_given_up(fails, completion):
    error = fails(Answer(body=completion(), delay=30), timeout=0.3)

    assert error.transient
    assert "gave no answer within 0.3 s" in str(error)


@pytest.mark.parametrize("fault", ["reset", "truncated"])
def test_a_broken_connection_passes(fails, completion, fault):
    error = fails(Answer(body=completion(), fault=fault))

    assert error.transient
    assert "the connection to 127.0.0.1" in str(error)


def test_a_server_that_is_not_there_passes(fails):
    error = fails(Answer(), base_url="http://127.0.0.1:9/v1")

    assert error.transient
    assert "the connection to 127.0.0.1:9/v1 failed" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"choices": [{"message": {"content": "Fi',
        b"upstream timed out",
        b"[]",
        b'{"choices": "none"}',
        b'{"choices": []}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": {"content": 7}}]}',
        b"\xff\xfe{}",
        b'event: error\ndata: {"error": {"message": "overloaded"}}\n\n',
    ],
)
def test_a_body_that_is_no_chat_completion_passes(fails, body):
    assert fails(Answer(body=body)).transient


def test_a_good_body_is_read_whatever_its_type_is_said_to_be(ask_one, completion):
    reply, _ = ask_one(Answer(body=completion(), headers={"content-type": "text/plain"}))

    assert reply.text == "Fine."


@pytest.mark.parametrize(("code", "transient"), [(502, True), (400, False), ("x", True)])
def test_an_error_with_status_200_is_an_error(fails, code, transient):
    error = fails(Answer(body={"error": {"code": code, "message": "Provider is down"}}))

    assert error.transient is transient
    assert "Provider is down" in str(error)


def test_a_generation_that_the_server_gave_up_passes(fails, completion):
    assert fails(Answer(body=completion("So", "abort"))).transient


def test_a_wrong_model_name_says_what_to_check(fails, failed):
    missing = failed(404, "The model `gpt-9` does not exist", "model_not_found")
    error = fails(missing, model="gpt-9")

    assert not error.transient
    assert "check `model: gpt-9` and `base_url`" in str(error)


def test_an_expired_key_names_where_it_came_from_and_not_the_key(fails, failed, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    refused = failed(401, f"Incorrect API key provided: {KEY}.", "invalid_api_key")
    error = fails(refused, api_key=KEY)

    assert not error.transient
    assert "refuses the key of the recipe's `api_key`" in str(error)
    assert KEY not in str(error)


def test_a_server_that_wants_a_key_says_how_to_give_one(fails, failed):
    error = fails(failed(401, "Unauthorized"))

    assert not error.transient
    assert "wants a key: write `api_key: ${env:NAME}`" in str(error)


def test_a_key_without_permission_says_so(fails, failed):
    error = fails(failed(403, "Project has no access"))

    assert not error.transient
    assert "the key may not use model 'gpt-4.1'" in str(error)


@pytest.mark.parametrize(
    ("field", "fix"),
    [
        ("temperature", "add temperature to `omit`"),
        ("max_tokens", "set `server: openai`"),
        ("logprobs", "set `probabilities: off`"),
        ("response_format", "set `structured_output: false`"),
    ],
)
def test_a_refused_field_says_which_parameter_fixes_it(fails, failed, field, fix):
    refused = failed(400, f"Unsupported parameter: '{field}'", "unsupported_parameter", field)
    error = fails(refused)

    assert not error.transient
    assert str(error).endswith(f"; {fix}")


@pytest.mark.parametrize("odd", [["x"], {"x": 1}, 7])
def test_an_error_of_odd_parts_is_told_all_the_same(fails, failed, odd):
    error = fails(failed(400, "No.", odd, odd, odd))

    assert not error.transient
    assert "400: No." in str(error)


def test_a_prompt_that_is_too_long_does_not_pass(fails, failed):
    error = fails(failed(400, "maximum context length is 8192", "context_length_exceeded"))

    assert not error.transient
    assert "maximum context length is 8192" in str(error)


@pytest.mark.parametrize("code", ["content_filter", "invalid_prompt"])
def test_a_filtered_prompt_is_a_filtered_reply(ask_one, failed, code):
    reply, _ = ask_one(failed(400, "The prompt was filtered", code))

    assert reply == ChatReply(finish_reason="content_filter")


def test_a_filtered_answer_keeps_its_cost(ask_one, completion):
    reply, _ = ask_one(Answer(body=completion("So", "content_filter")))

    assert reply == ChatReply("So", "content_filter", usage=Usage(12, 3))


def test_a_refusal_keeps_its_words_and_its_cost(ask_one, completion):
    reply, _ = ask_one(Answer(body=completion(None, refusal="I can't help with that.")))

    assert reply == ChatReply("I can't help with that.", "refusal", usage=Usage(12, 3))


def test_an_empty_answer_is_an_empty_reply(ask_one, completion):
    reply, _ = ask_one(Answer(body=completion(None)))

    assert reply == ChatReply("", "stop", usage=Usage(12, 3))


def test_an_answer_that_was_cut_off_says_so(ask_one, completion):
    reply, _ = ask_one(Answer(body=completion("So", "length")))

    assert reply.finish_reason == "length"


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": None}])
def test_a_server_that_counts_no_tokens_is_free(ask_one, completion, usage):
    reply, _ = ask_one(Answer(body=completion(usage=usage)))

    assert reply.usage == Usage()
