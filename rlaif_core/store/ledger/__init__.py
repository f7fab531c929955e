"""The run's database: every call, verdict and preference, committed before it is believed."""

from rlaif_core.store.ledger.answers import Answers, Call
from rlaif_core.store.ledger.reading import Reader
from rlaif_core.store.ledger.records import Cost, Kept
from rlaif_core.store.ledger.writing import Ledger

__all__ = ["Answers", "Call", "Cost", "Kept", "Ledger", "Reader"]
