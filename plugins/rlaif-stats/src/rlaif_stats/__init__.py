"""Pure functions on arrays: agreement, labels, ranking, calibration, estimation.

Nothing here reads a file, calls a model or knows a record of the engine; numpy and scipy are
all it imports. Nothing is imported with the package either, so that a caller pays for the one
module it names: `from rlaif_stats.agreement import cohen_kappa`.

Verdicts are coded the same way in every module; `rlaif_stats.outcomes` says how.
"""
