"""Read-only access to runs, finished or going on: for reports, viewers and metrics.

    from rlaif_core.runs import Run

    with Run.open("runs/quickstart") as run:
        for pair in run.judged(0, limit=20):
            print(pair.prompt.text, pair.p_a, [vote.verdict.explanation for vote in pair.votes])

What is read streams from the ledger: a run of any length takes no more memory than a short one.
"""

from rlaif_core.runs.labels import in_common
from rlaif_core.runs.run import Run
from rlaif_core.store.ledger.records import (
    CallFailure,
    CandidateOutline,
    CastVote,
    Cost,
    Kept,
    ModelCall,
    ModelUsage,
    PairKey,
    PairLabel,
    PairOutline,
    ReasonCount,
    StageRecord,
    TrainingStep,
    VoteKey,
    VoteOutline,
)
from rlaif_core.store.stage_costs import Spent

__all__ = [
    "CallFailure",
    "CandidateOutline",
    "CastVote",
    "Cost",
    "Kept",
    "ModelCall",
    "ModelUsage",
    "PairKey",
    "PairLabel",
    "PairOutline",
    "ReasonCount",
    "Run",
    "Spent",
    "StageRecord",
    "TrainingStep",
    "VoteKey",
    "VoteOutline",
    "in_common",
]
