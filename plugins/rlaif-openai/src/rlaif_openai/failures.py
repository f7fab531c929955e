"""Failed calls: an error that says the fix, or a filtered answer."""

from __future__ import annotations

from typing import Final

import aiohttp
from openai import APIConnectionError, APIStatusError, OpenAIError

from rlaif_core.api import ChatReply, ModelError
from rlaif_kit.endpoint import Endpoint

FAILURES: Final = (OpenAIError, aiohttp.ClientError, OSError)
"""Errors that a call may raise. The SDK lets some of its transport's own errors through."""

FILTERED: Final = frozenset(("content_filter", "content_policy_violation", "invalid_prompt"))
"""Codes of prompts that were not answered because of what they say."""

NO_CREDIT: Final = "insufficient_quota"

FIXES: Final = {
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
    """Answer for a call that raised one of `FAILURES`."""
    if isinstance(error, APIStatusError):
        return _refused(error, model, where)
    if isinstance(error, (APIConnectionError, aiohttp.ClientError, OSError)):
        return where.unreachable(error)
    return ModelError(where.redacted(f"{type(error).__name__}: {error}"))


def _refused(error: APIStatusError, model: str, where: Endpoint) -> ChatReply | ModelError:
    status, body, code = error.status_code, error.body, str(error.code)  # whatever a gateway sends
    if status == 400 and code in FILTERED:
        return ChatReply(finish_reason="content_filter")
    said = body.get("message", body) if isinstance(body, dict) else body
    if status == 429 and NO_CREDIT in (code, error.type):
        return ModelError(
            f"{where.place} answered 429: {where.redacted(said)}; pay for more credit"
        )
    fix = _fix(status, str(error.param), model)
    return where.refused(status, error.response.headers, said, fix)


def _fix(status: int, field: str, model: str) -> str:
    if status == 403:
        return f"the key may not use model '{model}' there"
    if status == 404:
        return f"check `model: {model}` and `base_url`"
    return FIXES.get(field, "") if status in (400, 422) else ""
