"""Model calls: cached, retried, rate-limited, within a budget; batched for local models."""

from rlaif_core.engine.calling.budget import Budget, BudgetReached
from rlaif_core.engine.calling.caller import Caller
from rlaif_core.engine.calling.rate_limits import RateLimits
from rlaif_core.engine.calling.retries import RetryPolicy

__all__ = ["Budget", "BudgetReached", "Caller", "RateLimits", "RetryPolicy"]
