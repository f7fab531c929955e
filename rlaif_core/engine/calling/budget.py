"""The budget of a run: no call is begun once it is spent."""

from __future__ import annotations

from dataclasses import dataclass

from rlaif_core.api.chat import Usage
from rlaif_core.api.errors import RunError
from rlaif_core.recipe.sections import BudgetSection


class BudgetReached(RunError):
    """The budget is spent; what was in flight is kept, and the run can go on with a larger one."""


@dataclass
class Budget:
    """Spending of a run and its limits.

    The spending of earlier attempts counts: it is the run's budget, not the process's. It can be
    exceeded by what was in flight when it was reached, never by more.

    Attributes:
        limits: What the recipe allows.
        usd: US dollars spent.
        tokens: Prompt and completion tokens spent.
        calls: Calls answered.
    """

    limits: BudgetSection
    usd: float = 0.0
    tokens: int = 0
    calls: int = 0

    def admit(self) -> None:
        """Check that another call may begin.

        Raises:
            BudgetReached: If a limit is reached, naming it.
        """
        for name in ("usd", "tokens", "calls"):
            limit, spent = getattr(self.limits, name), getattr(self, name)
            if limit is not None and spent >= limit:
                raise BudgetReached(
                    f"budget.{name} is {_figure(limit)} and {_figure(spent)} are spent; every "
                    f"answer is kept. To go on: --set budget.{name}=… --accept-changes"
                )

    def spend(self, usage: Usage, usd: float) -> None:
        """Count an answered call."""
        self.usd += usd
        self.tokens += usage.prompt_tokens + usage.completion_tokens
        self.calls += 1


def _figure(amount: float) -> str:
    return f"{amount:,}" if isinstance(amount, int) else f"{amount:.6g}"
