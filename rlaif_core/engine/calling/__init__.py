"""Model calls: cached, retried, rate-limited, within a budget; batched for local models."""

from rlaif_aio.rate_limits import RateLimits
from rlaif_aio.retries import RetryPolicy
from rlaif_core.engine.calling.budget import Budget, BudgetReached
from rlaif_core.engine.calling.caller import Caller

__all__ = ["Budget", "BudgetReached", "Caller", "RateLimits", "RetryPolicy"]
