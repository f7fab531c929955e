"""Errors of HTTP calls, with what status and headers say about retrying."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from rlaif_core.api.errors import ModelError

OVERLOADED: Final = frozenset((429, 529))
"""Too many requests (RFC 6585), and Anthropic's status when it is overloaded."""

TRANSIENT: Final = frozenset((408, 409, 425, 429))
"""Transient client errors: timeout, conflict, too early, too many (RFC 9110, 8470, 6585)."""


def http_error(status: int, headers: Mapping[str, str], message: str) -> ModelError:
    """The error for a failed call, with what it says about retrying.

    Args:
        status: HTTP status. "Later" (408, 409, 425, 429) and any 5xx are transient,
            unless the service decides otherwise by `x-should-retry`.
        headers: Of the response, with names in lower case.
        message: One line: the service's own message, and the fix.
    """
    transient = status in TRANSIENT or status >= 500
    verdict = headers.get("x-should-retry", "")
    if verdict in ("true", "false"):
        transient = verdict == "true"
    return ModelError(
        message,
        transient=transient,
        retry_after=retry_after(headers),
        overloaded=transient and status in OVERLOADED,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, 0 or more, as `retry-after-ms` or `retry-after` asks; None if neither does.

    A date is taken relative to the response's own `date`, so that a clock that is wrong here
    does not matter.
    """
    for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / per_second
        except ValueError:
            continue
        return max(seconds, 0.0) if math.isfinite(seconds) else None
    until = _date(headers.get("retry-after", ""))
    if until is None:
        return None
    sent = _date(headers.get("date", ""))
    now = time.time() if sent is None else sent.timestamp()
    return max(until.timestamp() - now, 0.0)


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
