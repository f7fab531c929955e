"""A chat model that says what a test wants it to, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rlaif_core.api import ChatReply, ChatRequest, ModelError

Line = ChatReply | str | ModelError
"""What it says: a whole reply, a reply's text, or an error to raise."""

Script = str | Iterable[Line] | Callable[[ChatRequest], Line]


class ScriptedModel:
    """A `ChatModel` for tests.

        judge_model = ScriptedModel(["A is shorter.", ModelError("503", transient=True)])
        echo = ScriptedModel(lambda request: request.messages[-1].content)

    Args:
        script: One text for every request, or what to say in turn, or a function of the request.
        capabilities: As in `Model.capabilities`.
        identity: The model's name.

    Attributes:
        requests: Everything it was asked, in order.
    """

    def __init__(
        self,
        script: Script,
        capabilities: Iterable[str] = (),
        identity: str = "scripted",
    ) -> None:
        self.identity = identity
        self.capabilities = frozenset(capabilities)
        self.requests: list[ChatRequest] = []
        self._say = _speaker(script)

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Say the next line.

        Raises:
            ModelError: If the script says so.
            AssertionError: If it was asked more often than the script has lines.
        """
        self.requests.append(request)
        line = self._say(request)
        if isinstance(line, ModelError):
            raise line
        return ChatReply(line) if isinstance(line, str) else line


def _speaker(script: Script) -> Callable[[ChatRequest], Line]:
    if isinstance(script, str):
        return lambda request: script
    if callable(script):
        return script
    lines = iter(script)
    return lambda request: _next(lines)


def _next(lines: Iterator[Line]) -> Line:
    for line in lines:
        return line
    raise AssertionError("the model was asked more often than its script has lines")
