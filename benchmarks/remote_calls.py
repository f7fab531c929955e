"""Calls a second through `openai` and `anthropic`, beside a bare loop over the same SDKs.

    python benchmarks/remote_calls.py --calls 2000

A server in a process of its own answers every call after 50 ms; 64 calls are in flight. The bare
loop calls the SDK's own `create` over its fastest transport and does nothing with the answer. The
two take turns, so that whatever else this machine does burdens both.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rlaif_anthropic.model import Anthropic, AnthropicParams
from rlaif_core.api import ChatReply, ChatRequest, Context, Message, Model
from rlaif_core.testing.loopback import Answer, Loopback, Received
from rlaif_openai.model import OpenAI, OpenAIParams

LATENCY = 0.05
IN_FLIGHT = 64
TURNS = 5
TIMEOUT = 300.0
QUESTION = "Which response is better? " + "word " * 400
REPLY = "The first response is better, since it answers the question. " * 5
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": REPLY, "refusal": None},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ],
    "usage": {"prompt_tokens": 400, "completion_tokens": 60, "total_tokens": 460},
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": REPLY}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 400, "output_tokens": 60},
}

Call = Callable[[], Awaitable[object]]


@dataclass
class Clock:
    """Time of one way of asking, over all its turns."""

    calls: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        return self.calls / self.seconds

    def line(self, name: str) -> str:
        cpu = 1000 * self.cpu / self.calls
        return f"{name:<26} {self.rate:7.0f} calls/s {cpu:6.2f} CPU ms each"


async def turn(call: Call, calls: int, clock: Clock) -> None:
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            await call()

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    clock.seconds += time.perf_counter() - began
    clock.cpu += time.process_time() - cpu
    clock.calls += calls


async def compare(name: str, bare: Call, model: Model, calls: int) -> None:
    request = ChatRequest((Message("user", QUESTION),), temperature=0.5)

    async def ours() -> None:
        (reply,) = await model.complete([request])
        assert isinstance(reply, ChatReply), reply

    clocks = {"SDK, bare": Clock(), "Model.complete": Clock()}
    for client in (bare, ours):  # opens the connections
        await turn(client, IN_FLIGHT, Clock())
    for _ in range(TURNS):
        await turn(bare, calls // TURNS, clocks["SDK, bare"])
        await turn(ours, calls // TURNS, clocks["Model.complete"])
    for way, clock in clocks.items():
        print(clock.line(f"{name}: {way}"))
    ratio = clocks["Model.complete"].rate / clocks["SDK, bare"].rate
    print(f"{name}: {ratio:.2f} times the bare loop; ideal {IN_FLIGHT / LATENCY:.0f} calls/s")


async def run(url: str, calls: int) -> None:
    import anthropic
    import openai

    turns = [{"role": "user", "content": QUESTION}]
    openai_sdk = openai.AsyncOpenAI(
        api_key="none",
        base_url=f"{url}/v1",
        max_retries=0,
        timeout=TIMEOUT,
        http_client=openai.DefaultAioHttpClient(),
    )
    anthropic_sdk = anthropic.AsyncAnthropic(
        api_key="none",
        base_url=url,
        max_retries=0,
        timeout=TIMEOUT,
        http_client=anthropic.DefaultAioHttpClient(),
    )
    ours: list[Model] = [
        OpenAI(OpenAIParams(model="m", base_url=f"{url}/v1")),
        Anthropic(AnthropicParams(model="m", base_url=url, omit=())),
    ]
    for model in ours:
        await model.setup(Context())

    def complete() -> Awaitable[object]:
        return openai_sdk.chat.completions.create(
            model="m", messages=turns, max_tokens=512, temperature=0.5
        )

    def create() -> Awaitable[object]:
        return anthropic_sdk.messages.create(model="m", messages=turns, max_tokens=512)

    await compare("openai", complete, ours[0], calls)
    await compare("anthropic", create, ours[1], calls)
    for model in ours:
        await model.close()
    await openai_sdk.close()
    await anthropic_sdk.close()


def answer(request: Received) -> Answer:
    body = COMPLETION if "completions" in request.path else MESSAGE
    return Answer(body=body, delay=LATENCY)


def serve() -> None:
    with Loopback(answer) as server:
        print(server.url, flush=True)
        sys.stdin.read()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    command = [sys.executable, __file__, "--serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        asyncio.run(run(server.stdout.readline().strip(), options.calls))
        assert server.stdin is not None
        server.stdin.close()


if __name__ == "__main__":
    main()
