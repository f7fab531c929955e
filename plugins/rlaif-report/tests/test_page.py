"""The page as a whole: what stands on it, and that it needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from rlaif_core.api import RunError
from rlaif_core.store.ledger import Ledger
from tests.support.reading import Page, written
from tests.support.run_folder import RunWriter, finished_run


@pytest.fixture(scope="module")
def page(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    output = tmp_path_factory.mktemp("out") / "page.html"
    return Page(written(run_folder, output).read_text("utf-8"))


def test_the_page_stands_in_the_run_directory_unless_told_otherwise(tmp_path: Path) -> None:
    folder = finished_run(tmp_path / "run", prompts=5)

    assert written(folder) == folder / "report.html"
    assert written(folder, tmp_path / "x.html") == tmp_path / "x.html"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_every_section_is_there_and_every_tag_is_closed(page: Page) -> None:
    assert page.unbalanced == []
    for heading in (
        "What was run",
        "From responses to preferences",
        "The judge",
        "Reward model",
        "Policy",
        "Cost and time",
        "Comparisons",
        "Recipe",
    ):
        assert heading in page.headings


def test_navigation_leads_to_places_that_exist_and_ids_are_unique(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        target = link["href"] or ""
        assert target.startswith("#")
        assert target[1:] in ids


def test_nothing_is_asked_of_the_network(page: Page) -> None:
    loading = {"src", "srcset", "data", "action", "poster", "background", "xlink:href", "style"}
    for tag, attributes in page.tags:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        assert not loading & attributes.keys()
    assert not re.search(r"url\(|@import|https?://|//cdn", page.source)


def test_the_policy_allows_exactly_the_style_and_script_of_the_page(page: Page) -> None:
    (policy,) = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", page.source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_headline_figures_carry_their_intervals(page: Page) -> None:
    assert "68.1 % 95 % interval 61.2 to 74.3 %" in page.text
    assert "Gold score 0.512 → 0.655 +0.143 against the base" in page.text
    assert "KL from the base 1.370 nats a response" in page.text


def test_components_are_named_with_their_distributions_and_parameters(page: Page) -> None:
    assert "pairwise rlaif-judges 0.1.0 model: grader, orders: both, votes: 1" in page.text
    assert "torch 2.13.0, transformers 5.23.0" in page.text


def test_charts_say_in_words_what_they_show(page: Page) -> None:
    charts = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    assert len(charts) >= 9
    assert all(chart["aria-label"] for chart in charts)
    assert all("aria-hidden" in svg for svg in page.all("svg") if svg not in charts)


def test_costs_and_final_failures_are_listed(page: Page) -> None:
    assert "gpt-test 92 11,040 4,416 $0.011" in page.text
    assert "503: overloaded 1" in page.text


def test_the_recipe_is_shown_as_it_is(page: Page, run_folder: Path) -> None:
    recipe = (run_folder / "recipe.yaml").read_text()
    assert " ".join(recipe.split()) in page.text


def test_rounds_stand_side_by_side(tmp_path: Path) -> None:
    page = Page(written(finished_run(tmp_path / "run", prompts=6, rounds=2)).read_text())

    assert "Rounds side by side" in page.headings
    assert "KL from the base 1.370 nats a response 2.370 nats a response" in page.text
    assert page.unbalanced == []


def test_a_judge_run_shows_how_the_verdicts_meet_the_labels(
    judged_folder: Path, tmp_path: Path
) -> None:
    page = Page(written(judged_folder, tmp_path / "page.html").read_text())

    assert "Accuracy against labels 68.4 % A first 73.7 %, B first 63.2 %" in page.text
    assert "Cohen's κ 0.371" in page.text
    assert "From pairs to preferences" in page.headings
    assert not {"Reward model", "Policy"} & set(page.headings)


def test_compared_policies_stand_in_a_table_and_are_ranked(
    judged_folder: Path, tmp_path: Path
) -> None:
    rate = {"value": 0.6, "low": 0.5, "high": 0.7}
    metrics = json.loads((judged_folder / "metrics.json").read_text())
    (tmp_path / "metrics.json").write_text(
        json.dumps(
            {
                "contests": [
                    {"a": "<i>new</i>", "b": "base", "prompts": 40, "ties": 2, "abstentions": 1}
                    | {"win_rate": rate, "win_rate_length_controlled": rate}
                    | {"gold_gain": {"value": 0.2, "low": 0.1, "high": 0.3}}
                ],
                "policies": {
                    "models": [
                        {"model": name, "rating": rate, "elo": 1000.0, "comparisons": 40}
                        for name in ("base", "<i>new</i>")
                    ]
                },
                "gold_score": {
                    "<i>new</i>": {"value": 0.45, "low": 0.4, "high": 0.5},
                    "base": {"value": 0.25, "low": None, "high": None},
                },
                "judge": metrics["judge"],
                "cost": metrics["cost"],
                "seconds": metrics["seconds"],
            }
        )
    )
    (tmp_path / "ledger.sqlite").write_bytes((judged_folder / "ledger.sqlite").read_bytes())

    page = Page(written(tmp_path).read_text())

    assert "Compared policies" in page.text
    assert "<i>new</i> over base 60.0 % 95 % interval 50.0 to 70.0 %" in page.text
    assert "<i>new</i> base 60.0 % (50.0 to 70.0 %) 60.0 % (50.0 to 70.0 %) 40 2 1" in page.text
    assert "40 2 1 +0.200 (+0.100 to +0.300)" in page.text
    assert "All of them ranked" in page.text
    assert "<i>new</i> 0.450 (0.400 to 0.500) base 0.250" in page.text
    assert {"Policies against each other", "The judge"} <= set(page.headings)
    assert not {"From pairs to preferences", "Reward model"} & set(page.headings)
    assert page.unbalanced == []


def test_a_run_that_goes_on_shows_what_its_ledger_holds(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", 8)
    writer.play(until="judge")

    page = Page(written(writer.folder).read_text())  # while the writer has it open

    writer.ledger.close()
    assert "This run has not ended yet" in page.text
    assert "Preferences kept not measured" in page.text
    assert "No preferences were selected yet" in page.text
    assert "Judged, not selected yet" in page.text


def test_figures_of_an_interrupted_run_are_newer_than_its_metrics_file(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", 8)
    writer.play(until="sample")
    writer.finish()
    writer.ledger = Ledger(writer.folder / "ledger.sqlite")
    writer.play(until="judge")
    pairs = writer.ledger.counts(0)["pairs"]
    writer.ledger.close()

    page = Page(written(writer.folder).read_text())

    assert f"Pairs judged {pairs} pairs" in page.text


def test_without_a_ledger_the_page_says_what_is_missing(run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text((run_folder / "metrics.json").read_text())

    page = Page(written(tmp_path).read_text())

    assert "The ledger is not here" in page.text
    assert "There is no manifest.json" in page.text
    assert "68.1 %" in page.text


def test_a_figure_that_is_null_is_not_measured(run_folder: Path, tmp_path: Path) -> None:
    metrics = json.loads((run_folder / "metrics.json").read_text())
    metrics["rounds"][0]["records"] = {"policy": {"kl": {"label": "KL", "value": None}}}
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))

    page = Page(written(tmp_path).read_text())

    assert "KL not measured" in page.text


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"neither metrics\.json nor ledger\.sqlite"):
        written(tmp_path)


def test_metrics_that_are_no_json_are_named(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{")
    with pytest.raises(RunError, match=r"metrics\.json: no JSON"):
        written(tmp_path)


def test_the_same_run_gives_the_same_page(run_folder: Path, tmp_path: Path) -> None:
    first = written(run_folder, tmp_path / "1.html").read_bytes()
    assert first == written(run_folder, tmp_path / "2.html").read_bytes()
