"""An evaluator of nobody we know comes out in summary, page and ranking like any other."""

from __future__ import annotations

import asyncio

from rlaif_core.cli.summary import summary
from rlaif_core.commands.report import write_report
from tests.support.inside import Inside, inside
from tests.support.reading import Page

__all__ = ["inside"]

RHYMES = """
from rlaif_core.api import Evaluator, Measurement, Metric, Missing, Optimizer


class Drawn(Optimizer):
    def train(self, job):
        (job.output / "policy.json").write_text('{"checkpoint": "", "reference": ""}')
        front = {"points": [[0.1, 0.9], [0.8, 0.2]], "names": ["calm", "bold"]}
        return Measurement(
            {"optimize": {"loss": 0.25, "front/calm": 0.9, "front/bold": 0.2}},
            [Metric(name="front", label="Calm against bold", value=0.9, group="optimize",
                    chart="scatter", details=front),
             Missing("boldness", "nobody dared", label="Boldness", group="optimize")],
        )


class Rhymes(Evaluator):
    async def evaluate(self, evaluation):
        count = float(len(evaluation.after[0].text) % 3)
        line = {"points": [[0, 0.1], [1, 0.4]], "names": ["none", "all"]}
        cloud = {"points": [[0.2, 0.3], [0.6, 0.1]], "x_label": "metre"}
        bars = {"bars": [["couplet", 3], ["limerick", 1]]}
        return [
            Metric(name="rhymes", label="Rhymes", value=count, low=count - 1, high=count + 1,
                   unit="lines", headline=True, higher_is_better=True, heldout=True,
                   evidence="judge"),
            Metric(name="metre", label="Metre kept", value=0.5, low=0.4, high=0.6, unit="share",
                   chart="interval"),
            Metric(name="stanzas", label="Stanzas", value=4.0, baseline=2.0, chart="before_after"),
            Metric(name="curve", label="Rhymes by effort", value=0.4, chart="line", details=line),
            Metric(name="cloud", label="Rhyme and metre", value=0.1, chart="scatter",
                   details=cloud),
            Metric(name="forms", label="Forms", value=4.0, chart="bars", details=bars,
                   group="forms"),
            Missing("alliteration", "no two words begin alike", label="Alliteration"),
        ]
"""


def test_a_metric_of_each_chart_is_told_drawn_and_ranked(inside: Inside) -> None:
    (inside.folder / "rhymes.py").write_text(RHYMES)
    metrics = inside.run(
        optimizer={"use": "./rhymes.py:Drawn"}, evaluators=[{"use": "./rhymes.py:Rhymes"}], rounds=2
    )
    assert metrics["best"]["by"] == "policy.rhymes"
    lines = [" ".join(line.split()) for line in summary(metrics)]
    assert any(line.startswith("rhymes ") and line.endswith(" lines") for line in lines)
    assert "forms 4.000" in lines
    assert metrics["rounds"][0]["optimize"] == {"loss": 0.25, "front/calm": 0.9, "front/bold": 0.2}
    assert "boldness not measured: nobody dared" in lines
    assert "alliteration not measured: no two words begin alike" in lines
    target = asyncio.run(write_report("html", inside.folder / "run"))
    page = Page(target.read_text("utf-8"))
    for text in ("Metre kept", "2 → 4", "Rhymes by effort", "Rhyme and metre", "couplet 3"):
        assert text in page.text
    assert "Calm against bold" in page.text
    assert "front: Calm" not in page.text  # a point of the chart, and no line of a table
    assert "Alliteration not measured no two words begin alike" in page.text
