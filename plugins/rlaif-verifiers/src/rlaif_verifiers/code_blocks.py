"""Finding the program in a response, and putting it together with what it completes."""

from __future__ import annotations

import re
from typing import Final

from rlaif_verifiers.master_keys import is_master_key

BLOCK: Final = re.compile(
    r"^[ \t]*(?P<fence>```+|~~~+)[ \t]*(?P<language>[\w+-]*)[^\n]*\n"
    r"(?P<code>.*?)(?:^[ \t]*(?P=fence)|\Z)",
    re.DOTALL | re.MULTILINE,
)
LANGUAGES: Final = frozenset({"", "py", "python", "python3"})


def program_of(response: str, prompt: str = "", entry_point: str = "") -> str:
    """The program that a response amounts to.

    Code is taken from the last fenced block of Python that defines `entry_point`, or the last one
    if none does; a response without fences is code as a whole. Code that does not define
    `entry_point` continues the prompt's code, otherwise it follows it.

    Returns:
        Python source; empty if the response holds no code.
    """
    code = _code(response, entry_point)
    if is_master_key(code):  # `...` would do, where nothing has to be done
        return ""
    if prompt and entry_point and _defines(code, entry_point):
        return f"{prompt}\n\n{code}"
    return prompt + code


def _code(response: str, entry_point: str) -> str:
    if "```" not in response and "~~~" not in response:
        return response
    blocks = [
        match["code"]
        for match in BLOCK.finditer(response)
        if match["language"].casefold() in LANGUAGES
    ]
    defining = [code for code in blocks if entry_point and _defines(code, entry_point)]
    return next(reversed(defining or blocks), "")


def _defines(code: str, name: str) -> bool:
    # By its text: parsing what a model wrote can exhaust the parser's stack.
    name = re.escape(name)
    return bool(re.search(rf"^(?:(?:async[ \t]+)?def|class)[ \t]+{name}\b|^{name}\s*=", code, re.M))
