"""Every judge under the conformance kit, with every kind of model."""

import json

import pytest

from rlaif_core.api import ChatReply
from rlaif_core.testing import (
    PairwiseJudgeConformance,
    PointwiseJudgeConformance,
    ProbeConformance,
)
from rlaif_judges.constitutional import Constitutional
from rlaif_judges.injections.probe import Injections
from rlaif_judges.pairwise import Pairwise
from rlaif_judges.recorded import Recorded
from rlaif_judges.score import DirectScore


class TestPairwiseByOptions(PairwiseJudgeConformance):
    component = Pairwise
    capabilities = ("options", "prefix")

    def reply(self, request, first_is_better):
        if not request.options:
            return "The one adds up, the other does not."
        return ChatReply(option_logprobs=(-0.1, -2.5) if first_is_better else (-2.5, -0.1))


class TestPairwiseWithoutReasoning(TestPairwiseByOptions):
    params = {"reasoning": False}


class TestPairwiseByOptionsWithoutPrefix(TestPairwiseByOptions):
    capabilities = ("options", "schema")


class TestPairwiseByAnswer(PairwiseJudgeConformance):
    component = Pairwise

    def reply(self, request, first_is_better):
        better = "A" if first_is_better else "B"
        return json.dumps({"explanation": "Sums.", "preference": better, "confidence": 0.9})


class TestConstitutionalByOptions(TestPairwiseByOptions):
    component = Constitutional


class TestConstitutionalByAnswer(TestPairwiseByAnswer):
    component = Constitutional
    params = {"principles": "all"}


class TestScoreByOptions(PointwiseJudgeConformance):
    component = DirectScore
    capabilities = ("options", "prefix", "end_of_turn")

    def reply(self, request, is_better):
        if not request.options:
            return "It adds up." if is_better else "It does not add up."
        low, high = (-9.0,) * 9, (-0.1,)
        return ChatReply(option_logprobs=low + high if is_better else high + low)


class TestScoreByLastLine(PointwiseJudgeConformance):
    component = DirectScore

    def reply(self, request, is_better):
        return f"Sums.\nScore: {9 if is_better else 2}"


class TestRecorded(PairwiseJudgeConformance):
    component = Recorded
    asks_model = False

    @pytest.fixture(autouse=True)
    def recording(self, tmp_path):
        rows = [
            {
                "prompt": pair.prompt.text,
                "response_a": pair.first.text,
                "response_b": pair.second.text,
                "order": order,
                "verdict": "a",
            }
            for pair in self.comparisons()
            for order in ("ab", "ba")
        ]
        file = tmp_path / "verdicts.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.params = {"file": str(file)}


class TestInjections(ProbeConformance):
    component = Injections
