"""What a service says, as part of a one-line message of ours."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 300


def one_line(text: object, secret: str = "") -> str:
    """The beginning of a text on one line, without the secret it may repeat."""
    said = str(text)
    if secret:
        said = said.replace(secret, "***")
    said = " ".join(said.split())
    return said if len(said) <= LONGEST else said[:LONGEST] + "…"
