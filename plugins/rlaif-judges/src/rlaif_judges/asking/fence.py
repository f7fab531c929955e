"""A mark between the parts of a judge's prompt that the parts themselves cannot forge."""

from __future__ import annotations

import hashlib
import hmac


def fence(secret: str, *texts: str) -> str:
    """HMAC-SHA256 of `texts` under the run's secret.

    It depends on the content alone, so that the same question is still asked once, and nobody
    who writes a response can know it without the secret. Nor does it depend on the order shown,
    so that both orders of a comparison begin alike and their prompt is read once.

    Args:
        secret: The run's secret.
        texts: What the marks will stand between.

    Returns:
        8 lowercase hex characters that occur in none of the texts.
    """
    message = "\x1f".join(sorted(texts)).encode("utf-8", "surrogatepass")
    mark = _mark(secret, message)
    while any(mark in text for text in texts):
        mark = _mark(secret, mark.encode() + message)
    return mark


def _mark(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()[:8]
