"""A chat request as the body of a chat completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rlaif_core.api import ChatRequest, ModelError
from rlaif_openai.dialect import Dialect

PLAIN_SAMPLING: Final = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""Switches off what vLLM would otherwise take from the checkpoint's generation_config.json."""

DEFAULTS: Final = {"temperature": 1.0, "top_p": 1.0}

MOST_STOPS: Final = 4
"""Stop strings that OpenAI takes; the answer is cut at the others when it is read."""


def body(request: ChatRequest, how: Dialect) -> dict[str, Any]:
    """The request's JSON.

    Raises:
        ModelError: If this model cannot be asked that.
    """
    messages = [{"role": turn.role, "content": _text(turn.content)} for turn in request.messages]
    written: dict[str, Any] = {"model": how.model, "messages": messages}
    if request.prefix:
        if how.server != "vllm":
            raise ModelError(f"model '{how.model}' cannot continue a prefix: ask it without one")
        messages.append({"role": "assistant", "content": _text(request.prefix)})
        written |= {"continue_final_message": True, "add_generation_prompt": False}
    written |= _options(request, how) if request.options else _sampling(request, how)
    if how.reasoning_effort is not None:
        written["reasoning_effort"] = how.reasoning_effort
    return written | dict(how.extra_body)


def unsent(request: ChatRequest, how: Dialect) -> Mapping[str, float]:
    """Parts of the request that are left out, since the model would refuse them."""
    asked = {"temperature": request.temperature, "top_p": request.top_p}
    return {
        name: value
        for name, value in asked.items()
        if name in how.omit and value != DEFAULTS[name] and not request.options
    }


def _sampling(request: ChatRequest, how: Dialect) -> dict[str, Any]:
    limit = "max_completion_tokens" if how.server == "openai" else "max_tokens"
    written: dict[str, Any] = {limit: request.max_tokens}
    for name, value in (("temperature", request.temperature), ("top_p", request.top_p)):
        # Elsewhere a default may come from the checkpoint, so it is always said.
        if name not in how.omit and (how.server != "openai" or value != DEFAULTS[name]):
            written[name] = value
    if "seed" not in how.omit:
        written["seed"] = request.seed
    if request.stop and "stop" not in how.omit:
        most = MOST_STOPS if how.server == "openai" else None
        written["stop"] = list(request.stop[:most])
    if how.server == "vllm":
        written |= PLAIN_SAMPLING
    if request.schema is not None and how.structured_output:
        named = {"name": "answer", "strict": True, "schema": dict(request.schema)}
        written["response_format"] = {"type": "json_schema", "json_schema": named}
    return written


def _options(request: ChatRequest, how: Dialect) -> dict[str, Any]:
    if not how.options:
        raise ModelError(
            f"model '{how.model}' is not asked for option probabilities: "
            "set `probabilities: logprobs` if its service gives log-probabilities"
        )
    if request.end_of_turn:
        raise ModelError(f"model '{how.model}' does not say how probable the end of a turn is")
    limit = "max_completion_tokens" if how.server == "openai" else "max_tokens"
    written: dict[str, Any] = {limit: 1, "logprobs": True, "top_logprobs": how.top_logprobs}
    if how.server != "openai":
        # Said, so that it does not matter whether the probabilities are taken before sampling.
        written |= {name: value for name, value in DEFAULTS.items() if name not in how.omit}
    if how.server == "vllm":
        written |= PLAIN_SAMPLING
    return written


def _text(text: str) -> str:
    """Half a surrogate pair, which a model can write but JSON cannot carry, becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")
