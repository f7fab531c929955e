"""The recipe's sections: which component stands where, and what the engine does around it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

MostFailures = Annotated[
    float, Field(ge=0, le=1, description="share of failed calls above which the run stops")
]


class Section(BaseModel):
    """Base of all sections: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Use(Section):
    """A component by name, with its parameters."""

    use: str = Field(description="name, distribution/name, or ./file.py:Class")
    params: dict[str, Any] = Field(default_factory=dict)


def _form(model: object) -> str | None:
    """Form of this `model:`, so that errors are reported for that form alone."""
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


class GateSection(Asking):
    """A verifier that goes before a judge: right beats wrong, and only the right are judged."""

    passes: float = Field(default=1.0, description="score from which a response passes")


class CalibrationSection(Section):
    """Temperature scaling of a judge's soft labels on pairs whose label is known."""

    anchors: str = Field(
        description="pairs file with labels (prompt, response_a, response_b, label), relative to "
        "the recipe; never trained on"
    )


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
    max_failures: MostFailures = 0.05
    gate: GateSection | None = Field(
        default=None, description="a pointwise judge, such as a verifier, that decides first"
    )
    calibration: CalibrationSection | None = None


class SamplerSection(Asking):
    """A sampler; it asks the policy unless `model` says otherwise."""

    model: ModelChoices | None = Field(
        default="policy", description="one model, or several by role"
    )
    max_failures: MostFailures = 0.05


class PromptsSection(Section):
    """Sources of prompts."""

    train: Use
    heldout: Use | None = Field(default=None, description="never trained on; for the evaluators")


class EvaluationSection(Section):
    """Drawing and judging of held-out responses."""

    temperature: float = Field(default=1.0, ge=0, description="for the base and the new policy")
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=512, ge=1)
    max_failures: MostFailures = 0.05
    judge: JudgeSection | None = Field(
        default=None, description="other than the training judge, if given"
    )
    second_opinions: int = Field(
        default=100,
        ge=0,
        description="training pairs of a round that this section's judge judges too, which tells "
        "how far it agrees with the training judge",
    )
    watch: Literal["judge", "gold"] | None = Field(
        default=None,
        description="what training is watched by but never learns from, and what picks the best "
        "round: this section's judge, or the source's truth",
    )
    best_by: str | None = Field(
        default=None,
        description="the metric that picks the best round, such as win_rate: one that is measured "
        "on held-out prompts; by default gold before people before the judge",
    )


REWARD_MODEL = "reward_model"
"""What `use:` says in `rewards:` for the round's own reward model."""


class RewardSection(Asking):
    """One reward of an online optimizer: a judge, a verifier, or the round's reward model."""

    weight: float = Field(default=1.0, description="in the sum of the standardised rewards")
    gate: bool = Field(
        default=False,
        description="no reward itself: a response that scores below `passes` gets the worst "
        "reward of its group, whatever the others say",
    )
    passes: float = Field(default=1.0, description="for a gate: score from which one passes")
    floor: float | None = Field(
        default=None,
        description="hold the mean at least here, by a Lagrange multiplier on top of the weight",
    )

    @property
    def learned(self) -> bool:
        """True if this is the round's reward model."""
        return self.use == REWARD_MODEL


class RoundsSection(Section):
    """Sequence of rounds."""

    n: int = Field(default=1, ge=1, description="how many")
    reference: Literal["reset", "keep"] = Field(
        default="reset",
        description="divergence is held against each round's start, or always against the base",
    )
    prompts: Literal["repeated", "fresh"] = Field(
        default="repeated", description="every prompt each round, or each prompt in one round only"
    )
    mix: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of a round's training preferences that are drawn from earlier rounds",
    )
    snapshots: int = Field(
        default=1, ge=1, description="sample from so many of the newest policies in turn"
    )


class GuardsSection(Section):
    """Guards of a judge that is trained itself; measured before it judges a round."""

    action: Literal["stop", "freeze"] = Field(
        default="stop", description="end the run, or go on with the last good round's judge"
    )
    prompts: int = Field(default=64, ge=8, description="prompts that are looked at, at most")
    anchors: str | None = Field(
        default=None, description="pairs file with labels, judged anew by each round's judge"
    )
    anchor_accuracy: float = Field(default=0.55, ge=0, le=1, description="floor on the anchors")
    score_entropy: float = Field(default=0.5, ge=0, description="floor, in nats, of its scores")
    position_bias: float = Field(
        default=0.6, ge=0.5, le=1, description="ceiling of the share won by one place"
    )
    length_ratio: float = Field(
        default=1.5, gt=1, description="ceiling of the chosen responses' length against round 0"
    )
    rank_agreement: float = Field(
        default=0.6, ge=0, le=1, description="floor of (τ + 1)/2 with the previous round's judge"
    )


class ValidationSection(Section):
    """People check a sample of the judge's labels."""

    labels: str = Field(
        description="what people said: a round's to-label.jsonl with `label` filled in, relative "
        "to the recipe; it need not be there yet"
    )
    share: float = Field(default=0.05, gt=0, le=1, description="of the pairs, drawn at random")
    wait: bool = Field(
        default=False, description="stop after judging until everything asked is labelled"
    )
    hybrid: bool = Field(default=False, description="people's labels stand in for the judge's")
    uncertain: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="with hybrid: share of the pairs, the least certain, that people get besides",
    )
    good: float = Field(default=0.8, ge=0, le=1, description="agreement below which it warns")
    poor: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="agreement below which the run warns that the labels must not be trusted",
    )


class BudgetSection(Section):
    """Budget of a run; it stops cleanly once any of these is reached."""

    usd: float | None = Field(default=None, gt=0, description="US dollars")
    tokens: int | None = Field(default=None, gt=0, description="prompt and completion tokens")
    calls: int | None = Field(default=None, gt=0, description="answered model calls")


class CallLimits(Section):
    """Limits of calls to a model. Those of the service itself are found out besides."""

    attempts: int = Field(default=6, ge=1, description="tries of one call in all")
    timeout: float | None = Field(default=None, gt=0, description="seconds for one try")
    total_timeout: float | None = Field(
        default=None, gt=0, description="seconds after which no further try is begun"
    )
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)


class CallsSection(CallLimits):
    """Limits of calls: to all models, or to one by its name."""

    models: dict[str, CallLimits] = Field(
        default_factory=dict, description="other limits for `policy` or a name in `models:`"
    )

    def of(self, model: str) -> CallLimits:
        """The limits of the model at a place: "policy", "models.NAME", "judge.model".

        What they leave out is as for all models.
        """
        own = self.models.get(model.removeprefix("models."))
        if own is None:
            return self
        return self.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


def _supported(api: object) -> object:
    if isinstance(api, int) and api != 1:
        raise ValueError("should be 1, the only version that this rlaif-core supports")
    return api


def _counted(rounds: object) -> object:
    return {"n": rounds} if isinstance(rounds, int) and not isinstance(rounds, bool) else rounds


class RecipeFile(Section):
    """A whole recipe. `rlaif judge` needs `api` and `judge` alone; `rlaif run` needs more."""

    api: Annotated[Literal[1], BeforeValidator(_supported)] = Field(
        description="the plugin API's major version"
    )
    name: str = Field(default="run", description="what reports call this run")
    seed: int = Field(default=0, ge=0)
    rounds: Annotated[
        RoundsSection, BeforeValidator(_counted, json_schema_input_type=int | RoundsSection)
    ] = RoundsSection()
    policy: Use | None = Field(default=None, description="the model that is trained")
    models: dict[str, Use] = Field(default_factory=dict, description="other models, by name")
    prompts: PromptsSection | None = None
    sampler: SamplerSection | None = None
    judge: JudgeSection
    pairing: Use | None = None
    filters: list[Use] = Field(default_factory=list)
    reward_model: Use | None = None
    optimizer: Use | None = None
    rewards: dict[str, RewardSection] = Field(
        default_factory=dict,
        description="what an online optimizer learns from, by name; without it the round's "
        "reward model if there is one, else the judge",
    )
    guards: GuardsSection | None = Field(
        default=None, description="on by default for a judge that is the policy itself"
    )
    validation: ValidationSection | None = None
    evaluators: list[Use] = Field(default_factory=list)
    evaluation: EvaluationSection = EvaluationSection()
    hooks: list[Use] = Field(default_factory=list, description="plugins that wrap the stages")
    executor: Use = Use(use="local")
    judge_metrics: list[Use] = Field(
        default=[Use(use="reliability")], description="measure the judge from its verdicts"
    )
    reporters: list[Use] = Field(
        default=[Use(use="html")], description="what is written once a command has ended"
    )
    calls: CallsSection = CallsSection()
    budget: BudgetSection = BudgetSection()
    heldout_share: float = Field(
        default=0.1, ge=0, lt=1, description="share of prompts kept to measure the reward model"
    )
