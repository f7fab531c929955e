"""Asking models: cached, retried, paced, within a budget; in waves where the model is local."""

from rlaif_core.engine.calling.budget import Budget, BudgetReached
from rlaif_core.engine.calling.caller import Caller
from rlaif_core.engine.calling.rate_limits import Rates
from rlaif_core.engine.calling.retries import Patience

__all__ = ["Budget", "BudgetReached", "Caller", "Patience", "Rates"]
