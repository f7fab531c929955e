from rlaif_core.testing import JudgeMetricConformance
from rlaif_judge_metrics.reliability import Reliability


class TestReliability(JudgeMetricConformance):
    component = Reliability
