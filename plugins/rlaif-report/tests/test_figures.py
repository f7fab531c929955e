from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlaif_report.figures import duration, figures, money, number, show, tick
from rlaif_report.metric_labels import label

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from(["win_rate", "kl"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("win_rate", {"value": 0.681, "low": 0.612, "high": 0.743}, "68.1 % (61.2 to 74.3 %)"),
        ("gold_score", {"before": 0.5, "after": 0.4}, "0.500 → 0.400 (−0.100)"),
        ("kl", 1.23456, "1.235"),
        ("steps", 12000, "12,000"),
        ("both_right", 11, "11"),
        ("accuracy", 1.0, "100.0 %"),
        ("learning_rate", 8.333e-8, "8.33e−8"),
        ("gold_accuracy", None, "not measured"),
        ("loss", math.nan, "not measured"),
        ("model", "gpt-test", "gpt-test"),
    ],
)
def test_a_value_reads_as_a_phrase(name: str, value: Any, text: str) -> None:
    assert show(name, value).replace("\u00a0", " ") == text


def test_nested_sections_are_spelled_out_and_stage_summaries_left_out() -> None:
    section = {"accuracy_by_order": {"ab": 0.75}, "summary": "done", "new_thing": 3}
    lines = [(figure.label, figure.text) for figure in figures(section)]
    assert lines == [("Accuracy by order: A first", "75.0\u00a0%"), ("New thing", "3")]


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=6), JSON, max_size=3))
def test_whatever_an_evaluator_measures_can_be_shown(section: dict[str, Any]) -> None:
    for line in figures(section):
        assert isinstance(line.text, str)


def test_the_ends_of_an_interval_are_no_rows_of_their_own() -> None:
    section = {"accuracy": 0.75, "heldout": 4, "accuracy_low": 0.3, "accuracy_high": 0.95}
    lines = [(figure.label, figure.text.replace("\u00a0", " ")) for figure in figures(section)]
    assert lines == [("Accuracy", "75.0 % (30.0 to 95.0 %)"), ("Held-out", "4")]


def test_what_a_share_is_broken_down_by_are_shares() -> None:
    part = {"value": 0.5, "low": 0.25, "high": 0.75}
    (line,) = figures({"accuracy_by_category": {"sum": part}})
    assert line.text.replace("\u00a0", " ") == "50.0 % (25.0 to 75.0 %)"


def test_a_divergence_says_by_what_it_is_counted_where_that_is_known() -> None:
    lines = figures({"kl_per_token": 0.011, "heldout_ece": 0.1})
    assert [line.label for line in lines] == ["KL per token", "Held-out ECE"]
    assert label("helpful/kl_per_token") == "helpful: KL per token"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_on_an_axis_is_narrow(value: float) -> None:
    assert len(tick(value)) <= 9


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.000586, "−5.9e-4"), (0.6931, "0.693"), (-12.5, "−12.5"), (12_000, "12,000"), (0, "0")],
)
def test_a_number_on_an_axis_keeps_three_figures(value: float, text: str) -> None:
    assert tick(value).replace("e−", "e-") == text


def test_units_are_easy_to_read() -> None:
    assert [duration(seconds) for seconds in (0.25, 75, 7300)] == [
        "0.2 s",
        "1 min 15 s",
        "2 h 1 min",
    ]
    assert [money(dollars) for dollars in (0, 0.0571234, 1234.5)] == [
        "$0.00",
        "$0.0571",
        "$1,234.50",
    ]
    assert number(True) == "yes"
