"""The service that is judged against: a model's wire format, without the model.

    python service.py --latency 0.05 --slow 0.02 --capacity 32

It prints its address, answers chat completions until its standard input ends, and tells at
`/figures` what it has seen since it was last asked there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rlaif_core.testing.loopback import Answer, Loopback, Received

SLOW: Final = 1.0
"""Seconds that a slow reply takes."""

EXPLANATION: Final = "Both answer the question; the first is more accurate and easier to read. " * 3
PLAIN: Final = {"string": "some", "integer": 1, "number": 1.0, "boolean": True}
REFUSED: Final = {"error": {"message": "too many requests", "type": "rate_limit", "code": None}}


@dataclass
class Seen:
    """Requests since the last report."""

    first: float = 0.0
    last: float = 0.0
    refused: int = 0
    answered: Counter[str] = field(default_factory=Counter)

    def report(self, most_at_once: int) -> dict[str, Any]:
        calls = sum(self.answered.values())
        return {
            "calls": calls,
            "distinct": len(self.answered),
            "refused": self.refused,
            "seconds": self.last - self.first,
            "most_at_once": most_at_once,
        }


class Service:
    """The script of a `Loopback`.

    Args:
        latency: Seconds that a reply takes.
        slow: Share of replies that take `SLOW` seconds instead.
        capacity: Requests in flight above which it answers 429 at once; None for no limit.
    """

    def __init__(self, latency: float, slow: float, capacity: int | None) -> None:
        self._latency = latency
        self._slow = slow
        self._capacity = capacity
        self._seen = Seen()
        self.server = Loopback(self.answer, remember=False)

    def answer(self, request: Received) -> Answer:
        if request.path == "/figures":
            report, self._seen = self._seen.report(self.server.most_at_once), Seen()
            self.server.most_at_once = 0
            return Answer(body=report)
        if b'"response_format"' in request.body:
            schema = request.json["response_format"]["json_schema"]["schema"]
            if "preference" not in schema["properties"]:
                return Answer(body=completion(some(schema)))
        now, seen = time.monotonic(), self._seen
        seen.first = seen.first or now
        if self._capacity is not None and self.server.at_once >= self._capacity:
            seen.refused += 1
            return Answer(429, REFUSED)
        key = hashlib.sha256(request.body).hexdigest()
        seen.answered[key] += 1
        chance = int(key[:8], 16) / 16**8
        delay = SLOW if chance < self._slow else self._latency
        seen.last = max(seen.last, now + delay)
        verdict = {"explanation": EXPLANATION, "preference": "AB"[int(key[-1], 16) % 2]}
        tools = request.json["tools"] if b'"tools"' in request.body else []
        return Answer(body=completion(verdict | {"confidence": 0.8}, tools), delay=delay)


def some(schema: dict[str, Any]) -> dict[str, Any]:
    """Whatever fits a schema: some clients try out another one before they ask. Not counted."""
    return {name: PLAIN[field["type"]] for name, field in schema["properties"].items()}


def completion(verdict: dict[str, Any], tools: Sequence[Any] = ()) -> dict[str, Any]:
    """A chat completion that says something, by calling the only tool if there is one."""
    message: dict[str, Any] = {"role": "assistant", "content": json.dumps(verdict), "refusal": None}
    if tools:
        called = {"name": tools[0]["function"]["name"], "arguments": message["content"]}
        message |= {"content": None}
        message["tool_calls"] = [{"id": "call-1", "type": "function", "function": called}]
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "judge",
        "choices": [choice],
        "usage": {"prompt_tokens": 500, "completion_tokens": 60, "total_tokens": 560},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--capacity", type=int, default=None)
    options = parser.parse_args()
    with Service(options.latency, options.slow, options.capacity).server as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
