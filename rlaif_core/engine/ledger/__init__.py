"""The run's database: every call, verdict and preference, committed before it is believed."""

from rlaif_core.engine.ledger.reading import Cost, Kept, Reader
from rlaif_core.engine.ledger.writing import Call, Ledger

__all__ = ["Call", "Cost", "Kept", "Ledger", "Reader"]
