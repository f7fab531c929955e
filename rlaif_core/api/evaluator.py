"""Kind `evaluators`: how good the policy, the reward model and the judge are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rlaif_core.api.chat import ChatModel
from rlaif_core.api.component import Component, P
from rlaif_core.api.metric import Measured
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import JudgedPair, Preference, Prompt, Response

Gold = Callable[[Prompt, str], "float | None"]
"""The source's own truth about a response, in [0, 1]; None where it does not know."""


@dataclass(frozen=True)
class Evaluation:
    """Inputs of an evaluator.

    Attributes:
        prompts: n held-out prompts.
        before: n responses of the base policy, one a prompt.
        after: n responses of the round's policy, one a prompt, at the same temperature; none if
            the recipe trains no policy.
        previous: n responses of the last round's policy; none in the first round.
        base: The base policy.
        policy: The round's policy.
        judge: Judges pairs of responses to their prompts with the evaluation judge, both orders;
            takes (prompt, pair) items and keeps their order.
        judged: The round's judged training pairs, read from the ledger one at a time.
        heldout: Preferences that the reward model was not trained on.
        reward: Scores responses with the round's reward model; None if there is none.
        gold: The source's truth; None if the source knows none.
    """

    prompts: Sequence[Prompt]
    before: Sequence[Response]
    after: Sequence[Response]
    base: ChatModel
    policy: ChatModel
    judge: Callable[[Sequence[tuple[Prompt, Pair]]], Awaitable[Sequence[JudgedPair]]]
    judged: Callable[[], Iterable[JudgedPair]]
    heldout: Sequence[Preference]
    reward: Callable[[Sequence[Prompt], Sequence[str]], Sequence[float]] | None = None
    gold: Gold | None = None
    previous: Sequence[Response] = ()


class Evaluator(Component[P]):
    """Measures a round."""

    asks_models: ClassVar[bool] = True
    """True if it asks the policy, the base or the judge, so that `rlaif plan` plays it."""

    uses_judge: ClassVar[bool] = False
    """True if its figures are the evaluation judge's opinion of the policy."""

    needs_heldout: ClassVar[bool] = False
    """True if it measures nothing without held-out prompts: a recipe without is then an error."""

    needs_optimizer: ClassVar[bool] = False
    """True if it measures nothing where no policy is trained."""

    needs_reward_model: ClassVar[bool] = False
    """True if it measures nothing without a reward model."""

    describes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Fields of `Metric` for the figures of its mapping, by "group.name": label, unit,
    higher_is_better, headline, heldout, evidence. Rounds are ranked only by a metric that is held
    out and says whether higher is better."""

    def check(self) -> None:
        """Refuse what it cannot measure with, as far as that is known before anything is judged.

        Called before the first round, in a thread, without `setup`. For files that a parameter
        names: what is wrong with them must not come out once training is paid for.

        Raises:
            RlaifError: With the fix.
        """

    @abstractmethod
    async def evaluate(self, evaluation: Evaluation) -> Measured:
        """Metrics, or figures for metrics.json by section: `{"policy": {"win_rate": …}}`.

        Of figures, JSON values only; an interval is `{"value": x, "low": x, "high": x}` at 95 %.
        What cannot be measured here is left out or `Missing`, never given as a number.
        """
