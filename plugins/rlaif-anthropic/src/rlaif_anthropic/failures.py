"""Failed calls: an error that says the fix, or a filtered answer."""

from __future__ import annotations

from typing import Final

import aiohttp
from anthropic import AnthropicError, APIConnectionError, APIStatusError

from rlaif_core.api import ChatReply, ModelError
from rlaif_kit.endpoint import Endpoint

FAILURES: Final = (AnthropicError, aiohttp.ClientError, OSError)
"""Errors that a call may raise. The SDK lets some of its transport's own errors through."""

FILTERED: Final = "content filtering policy"
"""What it says of an answer that it withholds because of what it says: there is no code for it."""

FIXES: Final = {
    "temperature": "add temperature to `omit`",
    "top_p": "add top_p to `omit`",
    "prefill": "set `prefill: false`",
    "tool_choice": "set `structured_output: format`",
    "output_config": "set `structured_output: tool`, or `off`",
    "thinking": "set `thinking` to what it takes, or leave it out",
}
"""By a word in what the service says: it names the field nowhere else."""


def outcome(error: BaseException, model: str, where: Endpoint) -> ChatReply | ModelError:
    """Answer for a call that raised one of `FAILURES`."""
    if isinstance(error, APIStatusError):
        status, why = error.status_code, said(error.body)
        if status == 400 and FILTERED in str(why):
            return ChatReply(finish_reason="content_filter")
        return where.refused(status, error.response.headers, why, _fix(status, str(why), model))
    if isinstance(error, (APIConnectionError, aiohttp.ClientError, OSError)):
        return where.unreachable(error)
    return ModelError(where.redacted(f"{type(error).__name__}: {error}"))


def said(body: object) -> object:
    """The service's own words in the body of an error, or in the error itself."""
    error = body.get("error", body) if isinstance(body, dict) else body
    return error.get("message", error) if isinstance(error, dict) else error


def _fix(status: int, why: str, model: str) -> str:
    if status == 403:
        return f"the key may not use model '{model}' there"
    if status == 404:
        return f"check `model: {model}` and `base_url`"
    found = (fix for word, fix in FIXES.items() if status == 400 and word in why)
    return next(found, "")
