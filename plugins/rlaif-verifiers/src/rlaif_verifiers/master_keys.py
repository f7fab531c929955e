"""Responses that say nothing, by which checks and judges have been fooled.

"One Token to Fool LLM-as-a-Judge" (2507.08794) calls them master keys: punctuation, and openers
of a reasoning that never comes.
"""

from __future__ import annotations

import re
from typing import Final

OPENERS: Final = frozenset(
    {
        "answer",
        "final answer",
        "here is the answer",
        "here is the solution",
        "let me think",
        "let me think step by step",
        "let s solve this problem",
        "let s solve this problem step by step",
        "let s solve this step by step",
        "let s think step by step",
        "respuesta",
        "solution",
        "sure",
        "the answer is",
        "thought",
        "thought process",
        "かいせつ",
        "解",
    }
)


def is_master_key(response: str) -> bool:
    """True if a response is nothing but white space, punctuation or a bare opener."""
    words = re.sub(r"[\W_]+", " ", response.casefold()).strip()
    return not words or words in OPENERS
