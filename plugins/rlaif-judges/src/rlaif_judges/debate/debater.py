"""The debaters: one model that speaks for either side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from rlaif_core.api import ChatModel, ChatRequest, Context, Message, Prompt, Response
from rlaif_judges.asking.fence import fence
from rlaif_judges.asking.template import PromptTemplate
from rlaif_judges.debate.case import Case
from rlaif_judges.debate.params import DebateParams
from rlaif_judges.debate.quotes import checked
from rlaif_judges.debate.speech import Speaker, Speech, said_aloud

SAMPLE: Final = Case(
    Prompt("p", (Message("user", "p"),)), Response("a", "p", "a"), Response("b", "p", "b"), "s", 0
)


class Debaters:
    """Hold a debate.

    Args:
        model: Who speaks, for both sides.
        params: How.
        context: Seed and secret of the run.

    Raises:
        PluginError: If the template cannot be used.
    """

    def __init__(self, model: ChatModel, params: DebateParams, context: Context) -> None:
        self._model = model
        self._params = params
        self._context = context
        self._template = PromptTemplate(
            params.speech_prompt,
            self._values(SAMPLE, "A", [Speech("B", 1, "so")]),
            shown=("prompt", "own", "other", "transcript", *(("source",) if params.source else ())),
        )

    async def transcript(self, case: Case) -> list[Speech]:
        """All speeches, in the order of hearing.

        Raises:
            ModelError: A call failed.
        """
        heard: list[Speech] = []
        speakers: tuple[Speaker, ...] = ("A", "B") if self._params.protocol == "debate" else ("A",)
        for number in range(1, self._params.rounds + 1):
            if self._params.turns == "simultaneous":
                heard += await asyncio.gather(
                    *(self._speech(case, speaker, number, tuple(heard)) for speaker in speakers)
                )
            else:
                for speaker in speakers:
                    heard.append(await self._speech(case, speaker, number, heard))
        return heard

    async def _speech(
        self, case: Case, speaker: Speaker, number: int, heard: Sequence[Speech]
    ) -> Speech:
        text = self._template.render(self._values(case, speaker, heard))
        rng = self._context.rng("speech", *case.key, speaker, number)
        request = ChatRequest(
            (Message("user", text),),
            max_tokens=self._params.debater_tokens,
            temperature=self._params.debater_temperature,
            seed=rng.getrandbits(31),
        )
        reply = await self._model.chat(request)
        aloud = said_aloud(reply.text, self._params.words)
        return Speech(speaker, number, checked(aloud, case.quotable))

    def _values(self, case: Case, speaker: Speaker, heard: Sequence[Speech]) -> dict[str, Any]:
        own, other = (case.a, case.b) if speaker == "A" else (case.b, case.a)
        prompt = case.prompt.text
        texts = (prompt, own.text, other.text, case.source, *(item.text for item in heard))
        return {
            "prompt": prompt,
            "own": own.text,
            "other": other.text,
            "source": case.source,
            "speaker": speaker,
            "transcript": heard,
            "words": self._params.words,
            "opposed": self._params.protocol == "debate",
            "fence": fence(self._context.secret, *texts),
        }
