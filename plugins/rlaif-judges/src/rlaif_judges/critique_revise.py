"""The sampler `critique-revise`: a response, criticised by a principle, revised, and so on.

The supervised stage of Constitutional AI (Bai et al. 2212.08073, section 3.1). It stands beside
the judge `constitutional`, with which it shares constitution, templates and fence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from rlaif_core.api import (
    ChatModel,
    ChatReply,
    ChatRequest,
    Context,
    Message,
    Params,
    PluginError,
    Prompt,
    ResourcePath,
    Response,
    Sampler,
)
from rlaif_judges.asking.fence import fence
from rlaif_judges.asking.replies import refusal
from rlaif_judges.constitution import Principle, read_constitution

if TYPE_CHECKING:
    from rlaif_judges.asking.template import PromptTemplate
    from rlaif_judges.constitution import Constitution

ROLES: Final = ("draft", "critic", "reviser")


class CritiqueReviseParams(Params):
    """Parameters of `critique-revise`."""

    revisions: int = Field(default=4, ge=1, le=16, description="one after the other")
    keep: Literal["all", "last", "first-last"] = Field(
        default="all", description="which steps are responses: draft and revisions, or some"
    )
    constitution: ResourcePath = Field(
        default="rlaif_judges:constitutions/hhh.yaml", description="a YAML file of principles"
    )
    critique_prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/critique.jinja", description="a jinja2 template"
    )
    revision_prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/revise.jinja", description="a jinja2 template"
    )
    temperature: float = Field(default=1.0, ge=0, description="of every step")
    top_p: float = Field(default=1.0, gt=0, le=1, description="of every step")
    max_tokens: int = Field(default=512, ge=1, description="of one step")


class CritiqueRevise(Sampler[CritiqueReviseParams]):
    """Drafts a response, then criticises and revises it, each time by a principle drawn anew."""

    Params = CritiqueReviseParams
    _constitution: Constitution
    _critique: PromptTemplate
    _revise: PromptTemplate

    async def setup(self, context: Context) -> None:
        """Read constitution and templates.

        Raises:
            PluginError: If there is no model, a role is unknown, or a template cannot be used.
            DataError: If the constitution is wrong, naming its lines.
        """
        from rlaif_judges.asking.template import PromptTemplate

        await super().setup(context)
        self._check_roles()
        self._constitution = read_constitution(self.params.constitution)
        shown = ("prompt", "response")
        self._critique = PromptTemplate(
            self.params.critique_prompt, self._values("p", "r", "principle", "request"), shown
        )
        self._revise = PromptTemplate(
            self.params.revision_prompt,
            self._values("p", "r", "principle", "request", critique="c"),
            (*shown, "critique"),
        )

    def responses(self) -> int:
        """The steps that are kept of a chain which goes to its end."""
        return {"all": self.params.revisions + 1, "first-last": 2, "last": 1}[self.params.keep]

    async def sample(self, prompt: Prompt) -> Sequence[Response]:
        """The steps of one chain that are to be kept.

        A critic or reviser that declines ends the chain: what was reached stays.

        Raises:
            ModelError: A call failed.
        """
        steps = [await self._ask("draft", prompt, prompt.messages, 0)]
        while len(steps) <= self.params.revisions:
            revised = await self._revision(prompt, steps[-1].text, len(steps))
            if revised is None:
                break
            steps.append(revised)
        models = [self._model("draft")] + [self._model("reviser")] * (len(steps) - 1)
        made = list(zip(steps, models, strict=True))
        if self.params.keep == "last":
            made = made[-1:]
        elif self.params.keep == "first-last" and len(made) > 1:
            made = [made[0], made[-1]]
        return [self._response(prompt, index, *step) for index, step in enumerate(made)]

    async def _revision(self, prompt: Prompt, response: str, number: int) -> ChatReply | None:
        """Revision `number` of a response, made from the one before it alone."""
        principle = self._drawn(prompt, number)
        values = self._values(prompt.text, response, principle.principle, _critique_of(principle))
        critique = await self._ask("critic", prompt, _turn(self._critique.render(values)), number)
        if refusal(critique):
            return None
        values = self._values(
            prompt.text, response, principle.principle, _revision_by(principle), critique.text
        )
        revised = await self._ask("reviser", prompt, _turn(self._revise.render(values)), number)
        return None if refusal(revised) else revised

    def _drawn(self, prompt: Prompt, number: int) -> Principle:
        principles = self._constitution.principles
        rng = self.context.rng("principle", prompt.id, number)
        return rng.choices(principles, [principle.weight for principle in principles])[0]

    async def _ask(
        self, role: str, prompt: Prompt, messages: tuple[Message, ...], number: int
    ) -> ChatReply:
        request = ChatRequest(
            messages,
            max_tokens=self.params.max_tokens,
            temperature=self.params.temperature,
            top_p=self.params.top_p,
            seed=self.context.rng(role, prompt.id, number).getrandbits(31),
        )
        return await self._model(role).chat(request)

    def _response(self, prompt: Prompt, index: int, step: ChatReply, by: ChatModel) -> Response:
        return Response.of(
            prompt,
            step.text,
            index,
            model=by.identity,
            temperature=self.params.temperature,
            top_p=self.params.top_p,
            finish_reason=step.finish_reason,
        )

    def _check_roles(self) -> None:
        models = self.context.models
        if len(models) != 1 and not (models and set(models) <= set(ROLES) and "draft" in models):
            raise PluginError(
                "sampler 'critique-revise' takes one model, or `draft` and besides it `critic` "
                f"and `reviser`, and the recipe gives it {', '.join(models) or 'none'}"
            )

    def _model(self, role: str) -> ChatModel:
        """The role's own model; who drafts also criticises and revises, unless others do."""
        models = self.context.models
        return models.get(role) or models.get("draft") or self.model

    def _values(
        self, prompt: str, response: str, principle: str, request: str, critique: str = ""
    ) -> dict[str, Any]:
        return {
            "prompt": prompt,
            "response": response,
            "principle": principle,
            "request": request,
            "critique": critique,
            "fence": fence(self.context.secret, prompt, response, critique),
        }


def _turn(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


def _critique_of(principle: Principle) -> str:
    return principle.critique or f"How could the response be more {principle.principle}?"


def _revision_by(principle: Principle) -> str:
    return principle.revision or f"Rewrite the response so that it is more {principle.principle}."
