"""What a failed call amounts to: an error that says the mend, or a filtered answer."""

from __future__ import annotations

from typing import Final

import aiohttp
from openai import APIConnectionError, APIStatusError, OpenAIError

from rlaif_core.api import ChatReply, ModelError
from rlaif_core.api.http import http_error
from rlaif_openai.endpoint import Endpoint
from rlaif_openai.quoting import one_line

FAILURES: Final = (OpenAIError, aiohttp.ClientError, OSError)
"""What a call may raise. The SDK lets some of its transport's own errors through."""

FILTERED: Final = frozenset(("content_filter", "content_policy_violation", "invalid_prompt"))
"""Codes of prompts that were not answered because of what they say."""

NO_CREDIT: Final = "insufficient_quota"

MENDS: Final = {
    "temperature": "add temperature to `omit`",
    "top_p": "add top_p to `omit`",
    "seed": "add seed to `omit`",
    "stop": "add stop to `omit`",
    "max_tokens": "set `server: openai`",
    "max_completion_tokens": "set `server: other`",
    "logprobs": "set `probabilities: off`",
    "top_logprobs": "set `top_logprobs` to what it gives, or `probabilities: off`",
    "response_format": "set `structured_output: false`",
    "reasoning_effort": "set `reasoning_effort` to what it takes, or leave it out",
}
"""By the request field that the service complains about."""


def outcome(error: BaseException, model: str, where: Endpoint) -> ChatReply | ModelError:
    """What to answer for a call that raised one of `FAILURES`."""
    if isinstance(error, APIStatusError):
        return _refused(error, model, where)
    if isinstance(error, (APIConnectionError, aiohttp.ClientError, OSError)):
        # The transport takes any broken connection for a time-out, so its own cause is told.
        root = _root(error)
        said = one_line(f"{type(root).__name__}: {root}", where.key)
        return ModelError(f"the connection to {where.place} failed: {said}", transient=True)
    return ModelError(one_line(f"{type(error).__name__}: {error}", where.key))


def _refused(error: APIStatusError, model: str, where: Endpoint) -> ChatReply | ModelError:
    status = error.status_code
    if status == 400 and error.code in FILTERED:
        return ChatReply(finish_reason="content_filter")
    if status == 401:
        # What the service says is not repeated: it may quote the key.
        if not where.key:
            return ModelError(f"{where.place} wants a key (401): write `api_key: ${{env:NAME}}`")
        mend = "it is wrong, expired or revoked; set a valid one"
        return ModelError(f"{where.place} refuses the key of {where.key_source} (401): {mend}")
    body = error.body
    said = body.get("message", body) if isinstance(body, dict) else body
    message = f"{where.place} answered {status}: {one_line(said or 'nothing', where.key)}"
    if status == 429 and NO_CREDIT in (error.code, error.type):
        return ModelError(f"{message}; the account has no credit left")
    mend = _mend(status, error.param, model)
    return http_error(status, error.response.headers, f"{message}; {mend}" if mend else message)


def _mend(status: int, field: str | None, model: str) -> str:
    if status == 403:
        return f"the key may not use model '{model}' there"
    if status == 404:
        return f"check `model: {model}` and `base_url`"
    return MENDS.get(field or "", "") if status in (400, 422) else ""


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
