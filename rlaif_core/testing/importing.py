"""A program: import a plugin's module in a fresh interpreter, and fail if that is not harmless.

Run as `python importing.py MODULE_OR_FILE` by the conformance kit.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys
from typing import Any, Final

HEAVY: Final = (
    "accelerate",
    "anthropic",
    "datasets",
    "jax",
    "openai",
    "pandas",
    "peft",
    "ray",
    "scipy",
    "sklearn",
    "tensorflow",
    "torch",
    "transformers",
    "trl",
    "vllm",
)
NETWORK: Final = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname")
WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(module: str) -> str | None:
    """Import it; says what is wrong with that, if anything."""
    sys.addaudithook(_refuse)
    if module.endswith(".py"):
        runpy.run_path(module)
    else:
        importlib.import_module(module)
    heavy = [name for name in HEAVY if name in sys.modules]
    if heavy:
        return f"importing {module} loads {', '.join(heavy)}: import them in setup()"
    return None


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in NETWORK:
        raise RuntimeError(f"importing a plugin must not use the network: {event} {arguments}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        raise RuntimeError(f"importing a plugin must not write: {arguments[0]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
