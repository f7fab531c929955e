"""A chat request as the body of a message."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final

from anthropic import transform_schema

from rlaif_anthropic.dialect import Dialect
from rlaif_core.api import ChatRequest, ModelError

TOOL: Final = "answer"
"""The tool that a model is made to call where that is how a schema is enforced."""

DEFAULTS: Final = {"temperature": 1.0, "top_p": 1.0}


def body(request: ChatRequest, how: Dialect) -> dict[str, Any]:
    """The request's JSON.

    Raises:
        ModelError: If this model cannot be asked that.
    """
    if request.options:
        raise ModelError(f"model '{how.model}' gives no option probabilities: ask it for text")
    # Instructions have a place beside the conversation; a later system turn stays in it.
    system = list(takewhile(lambda turn: turn.role == "system", request.messages))
    messages = [
        {"role": turn.role, "content": _text(turn.content)}
        for turn in request.messages[len(system) :]
    ]
    if request.prefix:
        messages += _begun(request, how)
    written: dict[str, Any] = {"model": how.model, "messages": messages}
    if system:
        written["system"] = "\n\n".join(_text(turn.content) for turn in system)
    return written | _sampling(request, how) | _output(request, how) | dict(how.extra_body)


def prefill(request: ChatRequest) -> str:
    """The prefix as it is sent: the service refuses one that ends in white space."""
    return _text(request.prefix).rstrip()


def unsent(request: ChatRequest, how: Dialect) -> Mapping[str, float]:
    """Parts of the request that are left out, since the model would refuse them."""
    asked = {"temperature": request.temperature, "top_p": request.top_p}
    return {
        name: value for name, value in asked.items() if name in how.omit and value != DEFAULTS[name]
    }


def _begun(request: ChatRequest, how: Dialect) -> list[dict[str, str]]:
    if not how.prefill:
        raise ModelError(f"model '{how.model}' cannot continue a prefix: ask it without one")
    content = prefill(request)
    return [{"role": "assistant", "content": content}] if content else []


def _sampling(request: ChatRequest, how: Dialect) -> dict[str, Any]:
    written: dict[str, Any] = {"max_tokens": request.max_tokens}
    for name, value in (("temperature", request.temperature), ("top_p", request.top_p)):
        if name not in how.omit and value != DEFAULTS[name]:
            written[name] = value
    # A stop string of white space alone is refused; the reply is cut at it when it is read.
    stops = [stop for stop in request.stop if stop.strip()]
    if stops:
        written["stop_sequences"] = stops
    if how.thinking is not None:
        written["thinking"] = {"type": how.thinking}
    return written


def _output(request: ChatRequest, how: Dialect) -> dict[str, Any]:
    output: dict[str, Any] = {} if how.effort is None else {"effort": how.effort}
    tool: dict[str, Any] = {}
    if request.schema is not None and how.structured_output == "format":
        output["format"] = {"type": "json_schema", "schema": _schema(request.schema)}
    elif request.schema is not None and how.structured_output == "tool":
        choice = {"type": "tool", "name": TOOL, "disable_parallel_tool_use": True}
        tool = {"tools": [_tool(request.schema)], "tool_choice": choice}
    return {"output_config": output, **tool} if output else tool


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with what the service cannot enforce moved into descriptions."""
    try:
        return transform_schema(dict(schema))
    except ValueError as error:
        raise ModelError(f"the service cannot enforce this JSON Schema: {error}") from error


def _tool(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": TOOL, "description": "Give your answer.", "input_schema": dict(schema)}


def _text(text: str) -> str:
    """Half a surrogate pair, which a model can write but JSON cannot carry, becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")
