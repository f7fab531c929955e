"""The kit for plugin authors: a conformance class for each kind, a scripted model, sample records.

    from rlaif_core.testing import PairwiseJudgeConformance
    from acme_judges import Strict

    class TestStrict(PairwiseJudgeConformance):
        component = Strict
        params = {"threshold": 3}

pytest then runs every check on the component. The checks of a level are frozen: what a later
release of the core checks in addition stands at a higher level, which a class switches on with
`level = 2`, so that a new core never fails a plugin's tests.
"""

from rlaif_core.testing.conformance import Conformance, since
from rlaif_core.testing.evaluators import EvaluatorConformance
from rlaif_core.testing.executors import ExecutorConformance
from rlaif_core.testing.filters import FilterConformance
from rlaif_core.testing.hooks import HookConformance
from rlaif_core.testing.judge_metrics import JudgeMetricConformance
from rlaif_core.testing.judges import PairwiseJudgeConformance, PointwiseJudgeConformance
from rlaif_core.testing.models import ModelConformance
from rlaif_core.testing.pairings import PairingConformance
from rlaif_core.testing.probes import ProbeConformance
from rlaif_core.testing.reporters import ReporterConformance, make_run
from rlaif_core.testing.sample import (
    judge_all,
    make_comparison,
    make_evaluation,
    make_preference,
    make_prompt,
    make_ranking,
    make_responses,
)
from rlaif_core.testing.samplers import SamplerConformance
from rlaif_core.testing.scripted import ScriptedModel
from rlaif_core.testing.sources import SourceConformance
from rlaif_core.testing.training import OptimizerConformance, RewardModelConformance

__all__ = [
    "Conformance",
    "EvaluatorConformance",
    "ExecutorConformance",
    "FilterConformance",
    "HookConformance",
    "JudgeMetricConformance",
    "ModelConformance",
    "OptimizerConformance",
    "PairingConformance",
    "PairwiseJudgeConformance",
    "PointwiseJudgeConformance",
    "ProbeConformance",
    "ReporterConformance",
    "RewardModelConformance",
    "SamplerConformance",
    "ScriptedModel",
    "SourceConformance",
    "judge_all",
    "make_comparison",
    "make_evaluation",
    "make_preference",
    "make_prompt",
    "make_ranking",
    "make_responses",
    "make_run",
    "since",
]
