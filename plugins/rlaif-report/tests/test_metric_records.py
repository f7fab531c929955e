"""Metrics with records are shown by them: the page knows no evaluator's names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlaif_report.metric_records import metric_groups
from rlaif_report.rounds import side_by_side
from tests.support.reading import Page, written

TOXICITY = {
    "name": "toxicity",
    "label": "Toxic responses",
    "description": "Share of held-out responses that a classifier calls toxic.",
    "value": 0.25,
    "low": 0.2,
    "high": 0.3,
    "n": 400,
    "unit": "share",
    "items": "responses",
    "group": "policy",
    "chart": "interval",
}
CURVE = {
    "label": "Reward of the best of n",
    "value": 0.8,
    "baseline": 0.5,
    "chart": "line",
    "details": {"points": [[1, 0.5], [2, 0.7], [4, 0.8]], "names": ["1", "2", "4"]},
}
BY_TOPIC = {"value": 3, "chart": "bars", "details": {"bars": [["sums", 3], ["<b>", 1]]}}


@pytest.fixture
def page(run_folder: Path, tmp_path: Path) -> Page:
    metrics = json.loads((run_folder / "metrics.json").read_text())
    only = metrics["rounds"][0]
    only["policy"]["toxicity"] = {"value": 0.25, "low": 0.2, "high": 0.3, "n": 400}
    only["records"] = {
        "policy": {"toxicity": TOXICITY},
        "best of n": {"reward": CURVE},
        "topics": {"by_topic": BY_TOPIC},
    }
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    return Page(written(tmp_path).read_text())


def test_a_metric_has_its_label_interval_basis_and_description(page: Page) -> None:
    assert (
        "Toxic responses 25.0 % (20.0 to 30.0 %) 400 responses Share of held-out responses that a "
        "classifier calls toxic." in page.text
    )
    assert page.unbalanced == []


def test_a_metric_is_shown_once(page: Page) -> None:
    assert "Toxicity" not in page.text
    assert page.text.count("Toxic responses") == 3  # at the top, in the table, over its chart


def test_rounds_stand_side_by_side_with_their_metrics() -> None:
    first, second = ({"policy": {}, "records": {"policy": {"x": TOXICITY}}} for _ in range(2))
    second["records"]["policy"]["x"] = {**TOXICITY, "value": 0.22}
    assert side_by_side([first, second]) == [
        (
            "Toxic responses",
            ["25.0\u00a0% (20.0 to 30.0\u00a0%)", "22.0\u00a0% (20.0 to 30.0\u00a0%)"],
        )
    ]


def test_groups_are_sections_of_their_own(page: Page) -> None:
    assert {"Best of n", "Topics"} <= set(page.headings)
    assert "Reward of the best of n 0.500 → 0.800, +0.300" in page.text


def test_bars_have_their_names_as_text(page: Page) -> None:
    assert "sums 3" in page.text
    assert "<b>" in page.text
    assert "<b>" not in page.source


@pytest.mark.parametrize("points", [None, 3, [], [[1]], [[1, 2]], [["x", 2], [None, 3]], {"a": 1}])
def test_points_that_are_none_make_no_chart(points: Any) -> None:
    record = {"value": 1.0, "chart": "line", "details": {"points": points}}
    (group,) = metric_groups({"records": {"policy": {"x": record}}})
    assert group.plots == []


@pytest.mark.parametrize("records", [None, 3, [], {"policy": 1}, {"policy": {"x": {"value": "y"}}}])
def test_what_is_no_record_is_passed_over(records: Any) -> None:
    assert metric_groups({"records": records}) == []
