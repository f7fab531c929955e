"""Reasons that the ledger gives for what never became a candidate preference.

Pairings and filters of plugins give reasons of their own besides.
"""

UNDECIDED = "no verdict: every vote abstained"
NOT_COMPARED = "the two were never compared"
CONTRADICTED = "their own comparison contradicts the ranking"
TIED = "tie"
NO_PAIR = "prompt without a decided pair"
DUPLICATE = "duplicate response"
NO_RESPONSE = "prompt without responses"
