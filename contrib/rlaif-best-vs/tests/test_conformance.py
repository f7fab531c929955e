from rlaif_best_vs.pairings import BestVsDeviation, BestVsRandom

from rlaif_core.testing import PairingConformance


class TestBestVsRandom(PairingConformance):
    component = BestVsRandom


class TestBestVsDeviation(PairingConformance):
    component = BestVsDeviation


class TestBestVsTheMean(PairingConformance):
    component = BestVsDeviation
    params = {"deviations": 0}
