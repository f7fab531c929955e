"""Judge reliability metrics on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlaif_report.judge_quality import lines_by_label, qualities, ranking
from tests.support.reading import Page, written
from tests.support.run_folder import finished_run

MEANING = "Share of pairs on which swapping the responses left the verdict on the same side."
CONSISTENCY = {
    "name": "position_consistency",
    "label": "Same verdict in both orders",
    "description": MEANING,
    "value": 0.6,
    "n": 400,
    "unit": "share",
    "items": "pairs",
    "group": "train",
}
ALPHA = {"name": "vote_alpha", "label": "Agreement of repeated votes, α", "value": 0.7}
JUDGE: dict[str, Any] = {
    "position_consistency": 0.6,
    "abstentions": {"refused": 3},
    "measures": {
        "train": {
            "position_consistency": {"value": 0.6, "low": 0.55, "high": 0.65, "n": 400},
            "juror_alpha": {
                "value": 0.71,
                "low": 0.66,
                "high": 0.76,
                "n": 200,
                "kappas": {"small × <b>large</b>": {"value": 0.7, "n": 200}},
            },
            "circularity": {"value": 0.01, "low": -0.02, "high": 0.04, "n": 90, "p_value": 0.21},
        },
        "evaluation": {"longer_win_rate": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 90}},
    },
    "not_measured": {"train": {"vote_alpha": "each question was asked once"}, "evaluation": {}},
    "records": {"train": {"position_consistency": CONSISTENCY, "vote_alpha": ALPHA}},
    "warnings": ["same verdict in both orders: 0.600, below 0.65"],
}
RANKED = {
    "models": [
        {
            "model": "new",
            "rating": {"value": 0.5, "low": 0.2, "high": 0.8},
            "elo": 1010.4,
            "comparisons": 1200,
        },
        {
            "model": "base",
            "rating": {"value": -0.5, "low": -0.8, "high": -0.2},
            "elo": 989.6,
            "comparisons": 1200,
        },
    ],
    "order_effect": {"value": 0.3, "low": 0.1, "high": 0.5},
    "prior": 1.0,
}


@pytest.fixture
def page(run_folder: Path, tmp_path: Path) -> Page:
    metrics = json.loads((run_folder / "metrics.json").read_text())
    metrics["rounds"][0]["judge"] = {**JUDGE, "models": {"train": RANKED}}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    return Page(written(tmp_path).read_text())


def test_every_measure_stands_with_its_interval_its_basis_and_a_sentence(page: Page) -> None:
    assert "Same verdict in both orders warning 60.0 % (55.0 to 65.0 %) 400 pairs" in page.text
    assert MEANING in page.text
    assert "0.010 (−0.020 to 0.040) 90 items, p = 0.210" in page.text
    assert "On training pairs" in page.headings
    assert "On held-out pairs" in page.headings
    assert page.unbalanced == []


def test_what_was_not_measured_says_why(page: Page) -> None:
    assert "Not measured: 1" in page.text
    assert "Agreement of repeated votes, α : each question was asked once." in page.text


def test_a_warning_stands_at_the_top_of_the_page(page: Page) -> None:
    notice = "The judge, same verdict in both orders: 0.600, below 0.65."
    assert page.text.index(notice) < page.text.index("What was run")


def test_nothing_is_told_twice(page: Page) -> None:
    assert page.text.count("60.0 % (55.0 to 65.0 %)") == 1
    assert "Both-order consistency" not in page.text


def test_the_names_of_jurors_are_text(page: Page) -> None:
    assert "small × <b>large</b> 0.700" in page.text
    assert "<b>" not in page.source


def test_models_that_answered_are_ranked(page: Page) -> None:
    assert "new 0.500 (0.200 to 0.800) 1,010 1,200" in page.text
    assert "Being shown first adds 0.300 (0.100 to 0.500)" in page.text
    assert "held finite by a normal prior" in page.text


def test_rounds_stand_side_by_side_with_their_measures(tmp_path: Path) -> None:
    folder = finished_run(tmp_path / "run", prompts=8, rounds=2)
    metrics = json.loads((folder / "metrics.json").read_text())
    measured = {"measures": JUDGE["measures"], "records": JUDGE["records"]}
    metrics["rounds"][0]["judge"] |= measured
    metrics["rounds"][0]["judge"]["warnings"] = ["it goes by position", "it goes by length"]
    metrics["rounds"][1]["judge"]["warnings"] = ["it goes in circles"]
    metrics["policies"] = RANKED
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "ledger.sqlite").unlink()

    page = Page(written(folder).read_text())

    names = [name for name, _ in lines_by_label(metrics["rounds"][0]["judge"])]
    assert "Same verdict in both orders" in names
    assert f"Judge: {names[0]}" in page.text
    assert "Base and policies, by the evaluation judge" in page.text
    assert "The judge, it goes in circles." in page.text
    assert "The judge of earlier rounds has 2 warnings" in page.text
    assert page.unbalanced == []


def test_a_run_stopped_by_a_guard_says_so(run_folder: Path, tmp_path: Path) -> None:
    metrics = json.loads((run_folder / "metrics.json").read_text())
    metrics["stopped"] = "round 0: score entropy 0.1, limit 0.5"
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    page = Page(written(tmp_path).read_text())
    assert "The run stopped in round 0: score entropy 0.1, limit 0.5." in page.text


def test_one_model_is_no_ranking() -> None:
    assert ranking({"models": RANKED["models"][:1]}) is None
    assert ranking({}) is None


VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=3)
FIGURES = st.dictionaries(
    st.sampled_from(["value", "low", "high", "n", "by", "p_value", "same_side", "kappas"]), VALUES
)
NAMES = st.sampled_from(["position_consistency", "vote_alpha", "mine", "models"])
ANYTHING = VALUES | FIGURES | st.lists(VALUES, max_size=2)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["measures", "not_measured", "models"]),
        st.dictionaries(
            st.sampled_from(["train", "evaluation", "other"]),
            st.dictionaries(NAMES, ANYTHING, max_size=3),
        )
        | VALUES,
    )
)
def test_whatever_an_evaluator_adds_can_be_shown(judge: dict[str, Any]) -> None:
    for group in qualities(judge):
        for line in group.lines:
            assert line.label
            assert line.value
