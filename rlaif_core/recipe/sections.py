"""The recipe's sections: which component stands where, and what the engine does around it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag


class Section(BaseModel):
    """Base of all sections: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Use(Section):
    """A component by name, with its parameters."""

    use: str = Field(description="name, distribution/name, or ./file.py:Class")
    params: dict[str, Any] = Field(default_factory=dict)


def _form(model: object) -> str | None:
    """Which form of `model:` this is, so that errors are told of that form alone."""
    if isinstance(model, str):
        return "name"
    if isinstance(model, Use) or (isinstance(model, dict) and "use" in model):
        return "in place"
    return "roles" if isinstance(model, dict) else None


_FORM = Discriminator(
    _form,
    custom_error_type="model_form",
    custom_error_message="should be a model's name, a model in place (`use: ...`) or a mapping of "
    "roles to these",
)

Name = Annotated[str, Tag("name")]
InPlace = Annotated[Use, Tag("in place")]
ModelChoice = Annotated[Name | InPlace, _FORM]
"""A name from `models:` (or `policy`), or a model written in place."""

ModelChoices = Annotated[Name | InPlace | Annotated[dict[str, ModelChoice], Tag("roles")], _FORM]
"""One model, which gets the role "model", or several by role."""


class Asking(Use):
    """A component that asks models."""

    model: ModelChoices | None = Field(default=None, description="one model, or several by role")


class JudgeSection(Asking):
    """A judge, and how often and in which orders it is asked."""

    orders: Literal["both", "ab", "random"] = Field(
        default="both", description="show each pair in both orders, as proposed, or one at random"
    )
    votes: int = Field(default=1, ge=1, le=99, description="verdicts for each order")
    combine: Literal["logit", "probability"] = Field(
        default="logit", description="how the orders' probabilities are averaged"
    )
    adaptive: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="stop asking about a pair once its agreement cannot cross this share any more; "
        "set it to the agreement filter's `min`",
    )
    max_failures: float = Field(
        default=0.05, ge=0, le=1, description="share of failed calls above which the run stops"
    )


class SamplerSection(Asking):
    """A sampler; it asks the policy unless `model` says otherwise."""

    model: ModelChoices | None = Field(
        default="policy", description="one model, or several by role"
    )


class PromptsSection(Section):
    """Where prompts come from."""

    train: Use
    heldout: Use | None = Field(default=None, description="never trained on; for the evaluators")


class EvaluationSection(Section):
    """How held-out responses are drawn and judged."""

    temperature: float = Field(default=1.0, ge=0, description="for the base and the new policy")
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=512, ge=1)
    judge: JudgeSection | None = Field(
        default=None, description="other than the training judge, if given"
    )


class BudgetSection(Section):
    """What a run may spend; it stops cleanly once any of these is reached."""

    usd: float | None = Field(default=None, gt=0, description="US dollars")
    tokens: int | None = Field(default=None, gt=0, description="prompt and completion tokens")
    calls: int | None = Field(default=None, gt=0, description="answered model calls")


class CallLimits(Section):
    """How a model is called. What the service itself objects to is found out besides."""

    attempts: int = Field(default=6, ge=1, description="tries of one call in all")
    timeout: float | None = Field(default=None, gt=0, description="seconds for one try")
    total_timeout: float | None = Field(
        default=None, gt=0, description="seconds after which no further try is begun"
    )
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)


class CallsSection(CallLimits):
    """How models are called: all of them, or one by its name."""

    models: dict[str, CallLimits] = Field(
        default_factory=dict, description="other limits for `policy` or a name in `models:`"
    )

    def of(self, model: str) -> CallLimits:
        """The limits of the model at a place: "policy", "models.NAME", "judge.model"."""
        return self.models.get(model.removeprefix("models."), self)


def _supported(api: object) -> object:
    if isinstance(api, int) and api != 1:
        raise ValueError("should be 1, the only version that this rlaif-core supports")
    return api


class RecipeFile(Section):
    """A whole recipe. `rlaif judge` needs `api` and `judge` alone; `rlaif run` needs more."""

    api: Annotated[Literal[1], BeforeValidator(_supported)] = Field(
        description="the plugin API's major version"
    )
    name: str = Field(default="run", description="what reports call this run")
    seed: int = Field(default=0, ge=0)
    rounds: int = Field(default=1, ge=1)
    policy: Use | None = Field(default=None, description="the model that is trained")
    models: dict[str, Use] = Field(default_factory=dict, description="other models, by name")
    prompts: PromptsSection | None = None
    sampler: SamplerSection | None = None
    judge: JudgeSection
    pairing: Use | None = None
    filters: list[Use] = Field(default_factory=list)
    reward_model: Use | None = None
    optimizer: Use | None = None
    evaluators: list[Use] = Field(default_factory=list)
    evaluation: EvaluationSection = EvaluationSection()
    hooks: list[Use] = Field(default_factory=list, description="plugins that wrap the stages")
    executor: Use = Use(use="local")
    calls: CallsSection = CallsSection()
    budget: BudgetSection = BudgetSection()
    heldout_share: float = Field(
        default=0.1, ge=0, lt=1, description="share of prompts kept to measure the reward model"
    )
